import { describe, expect, test } from "vitest";
import { type Callback, callbacks, layers, optimizers, sequential, type WeightsCopy } from "../../src/index.ts";
import { allWeights, classifier, column, linearModel, lineData } from "./fixture.ts";

const quiet = { verbose: 0 } as const;

/** A model whose valLoss is what `values` says, epoch by epoch: its bias is set, its data are zeros. */
function scripted(values: readonly number[]): { setter: Callback; validationData: { x: number[][]; y: number[][] } } {
  return {
    setter: {
      onValidationBegin: ({ training, epoch }) => {
        const parameters = Float32Array.of(0, Math.sqrt(values[epoch] ?? 0));
        training.setWeights({ parameters, moving: new Float32Array(0) });
      },
    },
    validationData: { x: [[0]], y: [[0]] },
  };
}

async function runScripted(values: readonly number[], callback: Callback) {
  const { setter, validationData } = scripted(values);
  const network = linearModel();
  network.compile({ optimizer: optimizers.sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
  const rates: number[] = [];
  const watch: Callback = { onEpochEnd: ({ training }) => void rates.push(training.learningRate) };
  const options = { epochs: values.length, validationData, callbacks: [setter, callback, watch], ...quiet };
  const history = await network.fit([[0]], [[0]], options);
  return { network, history, rates };
}

describe("events", () => {
  test("come in order, with what they promise", async () => {
    const told: string[] = [];
    const { x, y } = lineData(5);
    const network = classifier();
    network.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["accuracy"] });
    let slow = false;
    const listener: Callback = {
      onTrainBegin: ({ training }) => {
        const { engine, samples, batchSize, stepsPerEpoch, epochs } = training;
        expect({ samples, batchSize, stepsPerEpoch, epochs }).toEqual({
          samples: 5,
          batchSize: 2,
          stepsPerEpoch: 3,
          epochs: 2,
        });
        expect(engine).toMatch(/native|wasm|reference/);
        told.push("train");
      },
      onEpochBegin: ({ epoch }) => void told.push(`epoch ${epoch}`),
      async onStepEnd({ epoch, step, size, loss, training }) {
        expect(slow).toBe(false);
        slow = true;
        await new Promise((resolve) => setTimeout(resolve, 1)); // is waited for
        slow = false;
        expect(loss).toBeGreaterThan(0);
        expect(training.stepInEpoch).toBe(((step - 1) % 3) + 1);
        told.push(`step ${step} of epoch ${epoch}: ${size}`);
      },
      onValidationBegin: ({ epoch }) => void told.push(`validation ${epoch}`),
      onEpochEnd: ({ epoch, logs, seconds }) => {
        expect(Object.keys(logs)).toEqual(["loss", "accuracy", "valLoss", "valAccuracy"]);
        expect(seconds).toBeGreaterThan(0);
        told.push(`epoch ${epoch} done`);
      },
      onTrainEnd: ({ reason }) => void told.push(`end: ${reason}`),
    };
    const history = await network.fit(x, y, {
      epochs: 2,
      batchSize: 2,
      validationData: [x, y],
      callbacks: [listener],
      ...quiet,
    });
    const epoch = (e: number) => [
      `epoch ${e}`,
      `step ${3 * e + 1} of epoch ${e}: 2`,
      `step ${3 * e + 2} of epoch ${e}: 2`,
      `step ${3 * e + 3} of epoch ${e}: 1`,
      `validation ${e}`,
      `epoch ${e} done`,
    ];
    expect(told).toEqual(["train", ...epoch(0), ...epoch(1), "end: epochs"]);
    expect(history).toMatchObject({
      epochs: [0, 1],
      steps: 6,
      reason: "epochs",
      interrupted: false,
      savedTo: undefined,
    });
    expect(network.history).toBe(history);
  });

  test("can stop the training after a step, and end it also when it fails", async () => {
    const network = linearModel();
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const reasons: string[] = [];
    const stopper: Callback = {
      onStepEnd: ({ step, training }) => (step === 2 ? training.stop("enough") : undefined),
      onTrainEnd: ({ reason }) => void reasons.push(reason),
    };
    const data = column([1, 2, 3, 4]);
    const history = await network.fit(data, data, { epochs: 9, batchSize: 1, callbacks: [stopper], ...quiet });
    expect(history).toMatchObject({ steps: 2, reason: "enough", epochs: [0] });
    const thrower: Callback = {
      onEpochEnd: () => {
        throw new Error("from the callback");
      },
    };
    await expect(network.fit(data, data, { callbacks: [stopper, thrower], ...quiet })).rejects.toThrow(
      "from the callback",
    );
    expect(reasons).toEqual(["enough", "error"]);
  });

  test("with mistyped names are refused", async () => {
    const network = linearModel();
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const train = (callback: object) => network.fit([[1]], [[1]], { callbacks: [callback as Callback] });
    await expect(train({ onEpochEnded() {} })).rejects.toThrow(
      /unknown event.*"onEpochEnded".*did you mean "onEpochEnd"/,
    );
    await expect(train((() => undefined) as object)).rejects.toThrow(/callbacks\[0\] is a function/);
  });
});

describe("earlyStopping", () => {
  test("stops after `patience` epochs without improvement and restores the best weights", async () => {
    const stopping = callbacks.earlyStopping({ patience: 2, restoreBestWeights: true });
    const { history, network } = await runScripted([9, 4, 1, 2.25, 4, 0], stopping);
    expect(history.epochs).toEqual([0, 1, 2, 3, 4]);
    expect(history.reason).toBe("valLoss has not improved since epoch 3");
    expect(allWeights(network)).toEqual([0, 1]);
  });

  test("also when the epochs run out first", async () => {
    const stopping = callbacks.earlyStopping({ patience: 9, restoreBestWeights: true });
    const { history, network } = await runScripted([9, 1, 4], stopping);
    expect(history.reason).toBe("epochs");
    expect(allWeights(network)).toEqual([0, 1]);
  });

  test("keeps the last weights unless asked; small improvements do not count; later epochs only", async () => {
    const { history, network } = await runScripted(
      [9, 8.41, 7.84, 0],
      callbacks.earlyStopping({ patience: 2, minDelta: 3 }),
    );
    expect(history.epochs).toEqual([0, 1, 2]);
    expect(allWeights(network)[1]).toBeCloseTo(2.8);
    const late = await runScripted([1, 4, 4, 4], callbacks.earlyStopping({ startFromEpoch: 2 }));
    expect(late.history.epochs).toEqual([0, 1, 2, 3]);
  });

  test("knows that accuracy is better when larger, and may be told", async () => {
    const { x, y } = lineData(40);
    const watch = async (monitor: string, mode?: "min" | "max") => {
      const network = sequential([layers.dense(1, { activation: "sigmoid", inputShape: [2] })]);
      network.compile({
        optimizer: optimizers.adam({ learningRate: 0.05 }),
        loss: "binaryCrossentropy",
        metrics: ["accuracy"],
      });
      const stopping = callbacks.earlyStopping({ monitor, patience: 1, ...(mode && { mode }) });
      return (await network.fit(x, y, { epochs: 6, callbacks: [stopping], ...quiet })).epochs.length;
    };
    expect(await watch("loss")).toBe(6);
    expect(await watch("loss", "max")).toBe(2);
    expect(await watch("accuracy", "min")).toBeLessThan(6);
  });

  test("says what it cannot watch", async () => {
    const data = column([1, 2]);
    const network = linearModel();
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const train = (monitor: string) =>
      network.fit(data, data, { callbacks: [callbacks.earlyStopping({ monitor })], ...quiet });
    await expect(train("valLoss")).rejects.toThrow(/no "valLoss". Expected one of loss. Fix: give fit validationData/);
    await expect(train("los")).rejects.toThrow(/did you mean "loss"/);
    expect(() => callbacks.earlyStopping({ patience: -1 })).toThrow(/patience is -1/);
    expect(() => callbacks.earlyStopping({ paitence: 1 } as object)).toThrow(/did you mean "patience"/);
  });
});

describe("reduceLearningRateOnPlateau", () => {
  test("multiplies the rate after `patience` epochs without improvement", async () => {
    const reduce = callbacks.reduceLearningRateOnPlateau({ factor: 0.5, patience: 2 });
    const { rates } = await runScripted([9, 9, 9, 9, 9, 4], reduce);
    expect(rates).toEqual([0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
  });

  test("waits through its cooldown and stops at the smallest rate", async () => {
    const reduce = callbacks.reduceLearningRateOnPlateau({
      factor: 0.5,
      patience: 1,
      cooldown: 1,
      minLearningRate: 0.2,
    });
    const { rates } = await runScripted([9, 9, 9, 9, 9, 9], reduce);
    expect(rates).toEqual([0.5, 0.25, 0.2, 0.2, 0.2, 0.2]);
  });

  test("scales a schedule too, and the schedule goes on", async () => {
    const network = linearModel();
    const learningRate = { kind: "stepDecay", learningRate: 1, decaySteps: 2, decayRate: 0.5 } as const;
    network.compile({ optimizer: optimizers.sgd({ learningRate }), loss: "meanSquaredError" });
    const rates: number[] = [];
    const scale: Callback = {
      onEpochEnd: ({ training, epoch }) => {
        if (epoch === 0) training.scaleLearningRate(0.1);
        rates.push(training.learningRate);
      },
    };
    await network.fit([[0]], [[0]], { epochs: 4, callbacks: [scale], ...quiet });
    expect(rates).toEqual([0.1, 0.05, 0.05, 0.025]);
  });

  test("refuses a factor that is no reduction", () => {
    expect(() => callbacks.reduceLearningRateOnPlateau({ factor: 1 })).toThrow(/factor is 1/);
  });
});

describe("copied weights", () => {
  test("can be put back", async () => {
    let copy: WeightsCopy | undefined;
    const network = linearModel();
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const keeper: Callback = {
      onTrainBegin: ({ training }) => {
        copy = training.copyWeights();
      },
      onTrainEnd: ({ training }) => {
        expect(allWeights(network)).not.toEqual([0.5, 0]);
        if (copy) training.setWeights(copy);
      },
    };
    await network.fit([[1]], [[5]], { callbacks: [keeper], ...quiet });
    expect(allWeights(network)).toEqual([0.5, 0]);
  });
});
