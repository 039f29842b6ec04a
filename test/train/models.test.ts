import { describe, expect, test } from "vitest";
import { layers, type Tensor, tensor } from "../../src/index.ts";
import { defineLayer, type LayerOptions, trainable } from "../../src/nn/index.ts";
import { model, sequential } from "../../src/train/index.ts";

const quiet = { verbose: 0 } as const;
const x = [
  [1, 2],
  [3, -1],
  [0.5, 1],
  [-2, 1],
];
const y = [[1], [0], [2], [-1]];

/** A copy of all weights. */
const weightsOf = (network: { getWeights(): Record<string, Float32Array> }) =>
  Object.fromEntries(Object.entries(network.getWeights()).map(([path, values]) => [path, [...values]]));

describe("freezing", () => {
  const build = () => {
    const hidden = layers.dense(3, { activation: "tanh", name: "hidden" });
    const network = sequential([layers.input({ shape: [2] }), hidden, layers.batchNormalization(), layers.dense(1)]);
    return { hidden, network };
  };

  test("keeps weights as they are, without slots, and is taken up by compile", async () => {
    const { hidden, network } = build();
    network.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
    await network.fit(x, y, { epochs: 2, ...quiet });
    const before = weightsOf(network);
    hidden.trainable = false;
    expect(network.weights.find(({ path }) => path === "hidden/kernel")).toMatchObject({ vector: "parameters" });
    network.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
    expect(weightsOf(network)).toEqual(before);
    expect(network.weights.map(({ path, vector, offset }) => [path, vector, offset])).toEqual([
      ["hidden/kernel", "frozen", 0],
      ["hidden/bias", "frozen", 6],
      ["batchNormalization_1/gamma", "parameters", 0],
      ["batchNormalization_1/beta", "parameters", 3],
      ["batchNormalization_1/movingMean", "moving", 0],
      ["batchNormalization_1/movingVariance", "moving", 3],
      ["dense_1/kernel", "parameters", 6],
      ["dense_1/bias", "parameters", 9],
    ]);
    await network.fit(x, y, { epochs: 3, ...quiet });
    const after = weightsOf(network);
    expect(after["hidden/kernel"]).toEqual(before["hidden/kernel"]);
    expect(after["dense_1/kernel"]).not.toEqual(before["dense_1/kernel"]);
    expect(after["batchNormalization_1/movingMean"]).not.toEqual(before["batchNormalization_1/movingMean"]);
    expect(network.parameters).toHaveLength(10);
  });

  test("runs batch normalization as outside of training", async () => {
    const { network } = build();
    network.getLayer("batchNormalization_1").trainable = false;
    network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
    const { loss } = await network.evaluate(x, y);
    const before = weightsOf(network);
    const { history } = await network.fit(x, y, { batchSize: 4, ...quiet });
    expect(history.loss[0]).toBeCloseTo(loss, 5);
    expect(weightsOf(network)["batchNormalization_1/movingMean"]).toEqual(before["batchNormalization_1/movingMean"]);
  });

  test("is shown, saved, and refused where nothing is left to train", async () => {
    const { hidden, network } = build();
    hidden.trainable = false;
    expect(network.summary()).toContain("hidden (dense), frozen");
    expect(network.summary()).toMatch(/Parameters: 25 .*\n trainable: 10 .*\n frozen: 9 .*\n not trainable: 6 /);
    expect(JSON.stringify(network.toConfig())).toContain('"trainable":false');
    network.trainable = false;
    network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
    await expect(network.fit(x, y, quiet)).rejects.toThrow("all layers of this model are frozen");
    expect(() => {
      hidden.trainable = "no" as never;
    }).toThrow('got trainable = "no"');
    expect(() => network.getLayer("hiden")).toThrow('did you mean "hidden"?');
  });
});

describe("regularizers", () => {
  test("are added to the loss, of trained weights only, in training and evaluation, and shown", async () => {
    const build = (trainable: boolean) =>
      sequential([
        layers.dense(2, { inputShape: [2], kernelRegularizer: "l2", trainable, kernelInitializer: "ones" }),
        layers.dense(1, { biasInitializer: "ones", biasRegularizer: { kind: "l1", l1: 0.5 } }),
      ]);
    for (const trained of [true, false]) {
      const network = build(trained);
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
      const plain = sequential([layers.dense(2, { inputShape: [2] }), layers.dense(1)]);
      plain.setWeights(network.getWeights());
      plain.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
      const scores = await network.evaluate(x, y);
      const penalty = 0.5 + (trained ? 0.04 : 0); // l1 of one 1, l2 of four of them
      expect(scores["regularization_loss"]).toBeCloseTo(penalty, 6);
      expect(scores.loss).toBeCloseTo((await plain.evaluate(x, y)).loss + penalty, 5);
      const { history } = await network.fit(x, y, { batchSize: 4, ...quiet });
      expect(history.loss[0]).toBeCloseTo(scores.loss, 5);
    }
  });

  test("of a layer's output are divided by the batch", async () => {
    const network = sequential([
      layers.dense(1, { inputShape: [2], kernelInitializer: "ones", activityRegularizer: { kind: "l1", l1: 1 } }),
    ]);
    network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
    expect((await network.evaluate(x, y))["regularization_loss"]).toBeCloseTo((3 + 2 + 1.5 + 1) / 4, 6);
  });

  test("of weights that are not there are refused", () => {
    const build = (options: object) => () => sequential([layers.dense(1, { inputShape: [2], ...options })]);
    expect(build({ kernalRegularizer: "l2" })).toThrow(
      'got kernalRegularizer, and has no trainable weight "kernal". Expected one of kernelRegularizer, biasRegularizer. Fix: did you mean "kernelRegularizer"?',
    );
    expect(build({ kernelRegularizer: "l3" })).toThrow('unknown regularizer "l3"');
    expect(build({ kernelConstraint: { kind: "maxNorm", maxvalue: 3 } })).toThrow('did you mean "maxValue"?');
    expect(build({ kernelRegularizers: "l2" })).toThrow('unknown option of dense: "kernelRegularizers"');
  });
});

describe("constraints", () => {
  test.each(["sgd", "muon", { kind: "ema", optimizer: "adam" }] as const)(
    "hold after every update of %o",
    async (optimizer) => {
      const network = sequential([
        layers.dense(3, { inputShape: [2], kernelConstraint: { kind: "maxNorm", maxValue: 0.5 } }),
        layers.dense(2, { kernelConstraint: "unitNorm", biasConstraint: "nonNegative" }),
        layers.dense(1),
      ]);
      network.compile({ optimizer, loss: "meanSquaredError", engine: "reference" });
      await network.fit(x, y, { epochs: 3, batchSize: 2, ...quiet });
      const weights = weightsOf(network);
      const lengths = (values: number[] = [], columns: number) =>
        Array.from({ length: columns }, (_, c) => Math.hypot(...values.filter((_, i) => i % columns === c)));
      for (const length of lengths(weights["dense_1/kernel"], 3)) expect(length).toBeLessThanOrEqual(0.5);
      for (const length of lengths(weights["dense_2/kernel"], 2)) expect(length).toBeCloseTo(1, 5);
      for (const value of weights["dense_2/bias"] ?? []) expect(value).toBeGreaterThanOrEqual(0);
    },
  );
});

describe("losses that layers add", () => {
  /** Adds factor times the mean square of each sample to the loss. */
  const energy = (options: LayerOptions & { named?: string; whole?: boolean } = {}) =>
    defineLayer({
      kind: "energy",
      options,
      outputShape: (input) => input,
      weights: (input) => ({ scale: trainable(input, "ones") }),
      call(input: Tensor, { scale }, { addLoss }) {
        const output = input.mul(scale);
        const square = output.square().mean({ axis: 1 });
        addLoss(options.whole ? square.mean() : square, options.named);
        return output;
      },
    });

  test("count by the sample or by the batch, under the layer's path or a name, and are trained", async () => {
    for (const whole of [true, false]) {
      const input = layers.input({ shape: [2] });
      const first = energy({ whole })(input);
      const outputs = layers.dense(1)(energy({ named: "kl", whole })(first));
      const network = model({ inputs: input, outputs });
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
      const scores = await network.evaluate(x, y, { batchSize: whole ? 4 : 3 });
      const expected = x.map(([a = 0, b = 0]) => (a * a + b * b) / 2).reduce((sum, each) => sum + each / 4, 0);
      expect(scores["energy_1_loss"]).toBeCloseTo(expected, 5);
      expect(scores["kl_loss"]).toBeCloseTo(expected, 5);
      const before = weightsOf(network)["energy_1/scale"] ?? [];
      const { history } = await network.fit(x, y, { epochs: 20, ...quiet });
      expect(Object.keys(history)).toEqual(["loss", "energy_1_loss", "kl_loss"]);
      expect(history["kl_loss"]?.at(-1)).toBeLessThan(expected);
      expect(weightsOf(network)["energy_1/scale"]).not.toEqual(before);
    }
  });
});

describe("layers in several models", () => {
  test("have the same weights in all of them", async () => {
    const input = layers.input({ shape: [2] });
    const hidden = layers.dense(3, { activation: "tanh", name: "hidden" })(input);
    const output = layers.dense(1)(hidden);
    const whole = model({ inputs: input, outputs: output });
    const part = model({ inputs: input, outputs: hidden });
    whole.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
    await whole.fit(x, y, { epochs: 2, ...quiet });
    expect(weightsOf(part)["hidden/kernel"]).toEqual(weightsOf(whole)["hidden/kernel"]);
    const { ["hidden/kernel"]: kernel } = part.getWeights();
    (kernel as Float32Array)[0] = 42;
    expect(weightsOf(whole)["hidden/kernel"]?.[0]).toBe(42);
    await whole.fit(x, y, { epochs: 1, ...quiet });
    const features = (await (await part.predict(x)).array()) as number[][];
    const by = tensor(whole.getWeights()["hidden/kernel"] as Float32Array, { shape: [2, 3] });
    const bias = tensor(whole.getWeights()["hidden/bias"] as Float32Array);
    const expected = (await tensor(x).matmul(by).add(bias).tanh().array()) as number[][];
    features.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[i]?.[j] as number, 5);
      });
    });
    let seen: number[][] | undefined;
    const onEpochEnd = async () => {
      seen = (await (await part.predict(x)).array()) as number[][];
    };
    await whole.fit(x, y, { epochs: 2, callbacks: [{ onEpochEnd }], ...quiet });
    expect(seen).toEqual(await (await part.predict(x)).array());
    expect(seen).not.toEqual(features);
  });
});
