import { describe, expect, test } from "vitest";
import {
  activations,
  layers,
  losses,
  metrics,
  model,
  optimizers,
  type RandomKey,
  type StepEvent,
  sequential,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";
import { allWeights, classifier, column, linearByHand, linearModel, lineData } from "./fixture.ts";

const quiet = { verbose: 0, seed: 0 } as const;

await forEachEngine((engine) => {
  describe(`fit on the ${engine} engine`, () => {
    test("the article's program", async () => {
      const x = tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      const normalized = x.sub(x.mean({ axis: 0 })).div(x.std({ axis: 0 }));
      const network = sequential([
        layers.dense(10, { activation: "relu", inputShape: [2] }),
        layers.dense(5, { activation: "relu" }),
        layers.dense(1, { activation: "sigmoid" }),
      ]);
      network.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"], engine });
      const stopWhen = { loss: 0.01 };
      const history = await network.fit(normalized, [[0], [1], [1]], {
        epochs: 1000,
        batchSize: 1,
        stopWhen,
        ...quiet,
      });
      expect(history.reason).toMatch(/^loss 0\.00\d+ reached 0.01$/);
      expect(history.history["loss"]?.at(-1)).toBeLessThanOrEqual(0.01);
      expect(history.epochs.length).toBeLessThan(1000);
      expect(history.steps).toBe(3 * history.epochs.length);
      const { accuracy, loss } = await network.evaluate(normalized, [[0], [1], [1]]);
      expect(accuracy).toBe(1);
      expect(loss).toBeLessThan(0.011);
    });

    test("the last, smaller batch is trained exactly, and the epoch's loss is the mean over all samples", async () => {
      const [x, y] = [[1, 2, 3, 4, 5, 6, 7].map((v) => v / 4), [3, 1, 4, 1, 5, 9, 2]];
      const batches = [
        [0, 1, 2],
        [3, 4, 5],
        [6], // neither dropped, nor repeated, nor filled up
      ];
      const twice = linearByHand(x, y, [...batches, ...batches], 0.05);
      const network = linearModel();
      network.compile({ optimizer: optimizers.sgd({ learningRate: 0.05 }), loss: "meanSquaredError", engine });
      const { history } = await network.fit(column(x), column(y), {
        epochs: 2,
        batchSize: 3,
        shuffle: false,
        ...quiet,
      });
      expectClose(allWeights(network), [twice.w, twice.b], { rtol: 1e-6 });
      const mean = (sums: number[]) => sums.reduce((a, b) => a + b, 0) / 7;
      expectClose(history["loss"] as number[], [mean(twice.losses.slice(0, 3)), mean(twice.losses.slice(3))], {
        rtol: 1e-6,
      });
    });

    test("sample and class weights: sum(weight * loss) / batch", async () => {
      const [x, y] = [
        [1, 2, 3, 4, 5],
        [0, 1, 1, 0, 1],
      ];
      const sample = [1, 0.5, 2, 0, 3];
      const weight = (row: number) => (sample[row] as number) * (y[row] === 1 ? 0.25 : 4);
      const byHand = linearByHand(x, y, [[0, 1], [2, 3], [4]], 0.01, weight);
      const network = linearModel();
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine });
      const options = { batchSize: 2, shuffle: false, sampleWeight: sample, classWeight: { 0: 4, 1: 0.25 }, ...quiet };
      const { history } = await network.fit(column(x), column(y), options);
      expectClose(allWeights(network), [byHand.w, byHand.b], { rtol: 1e-6 });
      expectClose(history["loss"] as number[], [byHand.losses.reduce((a, b) => a + b, 0) / 5], { rtol: 1e-6 });
    });

    test("repeated, gives the same bits: shuffling, dropout and augmentation included", async () => {
      const { x, y } = lineData(50);
      const train = async (seed: number) => {
        const network = classifier();
        network.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"], engine });
        const augment = (images: Tensor, key: RandomKey) => noise(images, key);
        const { history } = await network.fit(x, y, { epochs: 3, batchSize: 8, augment, verbose: 0, seed });
        return { weights: allWeights(network), history };
      };
      const first = await train(7);
      expect(await train(7)).toEqual(first);
      expect((await train(8)).weights).not.toEqual(first.weights);
    });

    test("goes on where it stopped, bit for bit", async () => {
      const { x, y } = lineData(20);
      const begin = () => classifier().compile({ optimizer: "adam", loss: "binaryCrossentropy", engine });
      const atOnce = begin();
      await atOnce.fit(x, y, { epochs: 4, batchSize: 6, ...quiet });
      const inParts = begin();
      await inParts.fit(x, y, { epochs: 2, batchSize: 6, ...quiet });
      await inParts.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 6, ...quiet });
      expect(allWeights(inParts)).toEqual(allWeights(atOnce));
    });

    test("augment changes what training sees, never what is measured", async () => {
      const network = linearModel();
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine });
      const validationData = { x: [[1], [2]], y: [[1], [2]] };
      const { history } = await network.fit([[1], [2]], [[3], [3]], {
        augment: (batch) => batch.mul(0),
        validationData,
        ...quiet,
      });
      const [kernel, bias] = allWeights(network);
      expect(kernel).toBe(0.5); // zeros came in: only the bias learned
      expectClose([bias as number], [0.06], { rtol: 1e-6 });
      expectClose(history["loss"] as number[], [9], { rtol: 1e-6 });
      const error = (v: number) => (0.5 * v + (bias as number) - v) ** 2;
      expectClose(history["valLoss"] as number[], [(error(1) + error(2)) / 2], { rtol: 1e-5 });
    });

    test("gradientDescent takes the whole data set as its batch", async () => {
      const [x, y] = [
        [1, 2, 3],
        [2, 4, 5],
      ];
      const byHand = linearByHand(
        x,
        y,
        [
          [0, 1, 2],
          [0, 1, 2],
        ],
        0.01,
      );
      const network = linearModel();
      network.compile({ optimizer: "gradientDescent", loss: "meanSquaredError", engine });
      const history = await network.fit(column(x), column(y), { epochs: 2, ...quiet });
      expect(history.steps).toBe(2);
      expectClose(allWeights(network), [byHand.w, byHand.b], { rtol: 1e-6 });
      await expect(network.fit(column(x), column(y), { batchSize: 2 })).rejects.toThrow(/gradientDescent.*"sgd"/);
    });

    test("bytes stay bytes in memory and count as numbers", async () => {
      const pixels = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
      const floats = Float32Array.from(pixels);
      const trained = async (data: Uint8Array | Float32Array) => {
        const network = sequential([layers.dense(2, { inputShape: [3], activation: "softmax" })]);
        network.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", engine });
        await network.fit({ data, shape: [4, 3] }, Int32Array.of(0, 1, 1, 0), { batchSize: 3, epochs: 2, ...quiet });
        return [...allWeights(network), ...(await (await network.predict({ data, shape: [4, 3] })).data())];
      };
      expect(await trained(pixels)).toEqual(await trained(floats));
    });

    test("several inputs and outputs, each with its loss, weight and metrics", async () => {
      const left = layers.input({ shape: [2], name: "left" });
      const right = layers.input({ shape: [1], name: "right" });
      const joined = layers.concatenate()([left, right]);
      const value = layers.dense(1, { name: "value" })(joined);
      const kind = layers.dense(3, { activation: "softmax", name: "kind" })(joined);
      const network = model({ inputs: [left, right], outputs: [value, kind] });
      network.compile({
        optimizer: "adam",
        loss: ["meanSquaredError", "sparseCategoricalCrossentropy"],
        lossWeights: [1, 0.5],
        metrics: [["meanAbsoluteError"], ["accuracy"]],
        engine,
      });
      const [a, b] = [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [[1], [2], [3]],
      ];
      const [v, k] = [
        [[1], [2], [3]],
        [0, 1, 2],
      ];
      const { history } = await network.fit([a, b], [v, k], { epochs: 2, batchSize: 2, ...quiet });
      expect(Object.keys(history)).toEqual([
        "loss",
        "value_loss",
        "kind_loss",
        "value_meanAbsoluteError",
        "kind_accuracy",
      ]);
      const scores = await network.evaluate([a, b], [v, k]);
      expectClose(scores.loss, (scores["value_loss"] as number) + 0.5 * (scores["kind_loss"] as number), {
        rtol: 1e-6,
      });
      const [values, kinds] = await network.predictAll([a, b]);
      expect([values?.shape, kinds?.shape]).toEqual([
        [3, 1],
        [3, 3],
      ]);
      await expect(network.predict([a, b])).rejects.toThrow(/predictAll/);
    });

    test("batch normalization's statistics move while training only", async () => {
      const network = sequential([layers.batchNormalization({ inputShape: [1] }), layers.dense(1)]);
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine });
      const before = [...network.moving];
      await network.evaluate([[4], [6]], [[0], [0]]);
      expect([...network.moving]).toEqual(before);
      await network.fit([[4], [6]], [[0], [0]], quiet);
      const { "batchNormalization_1/movingMean": mean } = network.getWeights();
      expectClose(mean ?? [], [5 * 0.01], { rtol: 1e-5 });
    });

    test("metrics and losses are exact however the data are cut", async () => {
      const { x, y } = lineData(37);
      const network = classifier();
      const wanted = ["accuracy", "precision", "recall", "f1", "r2", metrics.confusionMatrix()] as const;
      network.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: wanted, engine });
      const whole = await network.evaluate(x, y);
      for (const batchSize of [1, 5, 36]) {
        const { r2, loss, ...counted } = await network.evaluate(x, y, { batchSize });
        const { r2: wholeR2, loss: wholeLoss, ...wholeCounted } = whole;
        expect(counted).toEqual(wholeCounted);
        expectClose([loss, r2 as number], [wholeLoss, wholeR2 as number], { rtol: 1e-5 });
        expectClose(await (await network.predict(x, { batchSize })).data(), await (await network.predict(x)).data(), {
          rtol: 1e-6,
        });
      }
    });

    test("custom losses, metrics and optimizers are plain functions", async () => {
      const network = linearModel();
      const bias = (yTrue: Tensor, yPred: Tensor) => yPred.sub(yTrue).mean({ axis: 1 });
      network.compile({
        optimizer: ({ parameter, gradient, learningRate }) => parameter.sub(gradient.sign().mul(learningRate)),
        loss: (yTrue, yPred) => yTrue.sub(yPred).square().mean(),
        metrics: [bias],
        engine,
      });
      const { history } = await network.fit([[1], [2]], [[2], [4]], quiet);
      expectClose(allWeights(network), [0.51, 0.01], { rtol: 1e-6 });
      expectClose(history["loss"] as number[], [(1.5 ** 2 + 3 ** 2) / 2], { rtol: 1e-6 });
      expectClose(history["bias"] as number[], [-2.25], { rtol: 1e-6 });
    });
  });
});

const noise = (x: Tensor, key: RandomKey) => x.add(key.normal(x.shape, { std: 0.1 }));

describe("fit", () => {
  test("weighted metrics count weights, plain ones do not", async () => {
    const network = linearModel();
    network.compile({
      optimizer: "sgd",
      loss: losses.meanAbsoluteError(),
      metrics: ["meanAbsoluteError"],
      weightedMetrics: ["meanAbsoluteError"],
    });
    const sampleWeight = [3, 1];
    const scores = await network.evaluate([[0], [0]], [[1], [2]], { sampleWeight });
    expect(scores["meanAbsoluteError"]).toBe(1.5);
    expect(scores["weighted_meanAbsoluteError"]).toBe(1.25);
    expect(scores.loss).toBe((3 * 1 + 1 * 2) / 2);
  });

  test("validationSplit keeps the last samples, which are never trained on", async () => {
    const [x, y] = [
      [1, 2, 3, 100],
      [1, 2, 3, -100],
    ];
    const network = linearModel();
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const { history } = await network.fit(column(x), column(y), { validationSplit: 0.25, batchSize: 3, ...quiet });
    const alone = linearModel();
    alone.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await alone.fit(column(x.slice(0, 3)), column(y.slice(0, 3)), { batchSize: 3, ...quiet });
    expect(allWeights(network)).toEqual(allWeights(alone));
    expect(history["valLoss"]).toEqual([(await alone.evaluate([[100]], [[-100]])).loss]);
  });

  test("a prediction asked for during training comes between two steps", async () => {
    const { x, y } = lineData(30);
    const network = classifier();
    network.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    let finish = false;
    const stopper = { onStepEnd: ({ training }: StepEvent) => (finish ? training.stop("asked for") : undefined) };
    const training = network.fit(x, y, { epochs: 1e9, callbacks: [stopper], ...quiet });
    const outputs = await Promise.all([network.predict(x), network.predict([[1, 1]]), network.evaluate(x, y)]);
    expect((outputs[0] as Tensor).shape).toEqual([30, 1]);
    await expect(network.fit(x, y)).rejects.toThrow(/fit was called while fit is running/);
    expect(() => network.compile({ optimizer: "sgd", loss: "huber" })).toThrow(
      /compile was called while fit is running/,
    );
    finish = true;
    expect((await training).reason).toBe("asked for");
  });

  test("shuffles every epoch in another order, by the seed", async () => {
    const orders = async (seed: number, shuffle = true) => {
      const seen: number[] = [];
      const network = sequential([layers.dense(1, { inputShape: [1], kernelInitializer: "zeros" })]);
      const optimizer = optimizers.custom(({ parameter }) => parameter);
      network.compile({ optimizer, loss: "meanSquaredError" });
      const onStepEnd = ({ loss }: { loss: number }) => void seen.push(Math.round(Math.sqrt(loss)));
      const numbers = Array.from({ length: 10 }, (_, i) => [i]);
      await network.fit(numbers, numbers, {
        epochs: 2,
        batchSize: 1,
        shuffle,
        seed,
        verbose: 0,
        callbacks: [{ onStepEnd }],
      });
      return [seen.slice(0, 10), seen.slice(10)];
    };
    const [first = [], second = []] = await orders(3);
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect([...first].sort()).toEqual(all);
    expect([...second].sort()).toEqual(all);
    expect(first).not.toEqual(second);
    expect(await orders(3)).toEqual([first, second]);
    expect((await orders(4))[0]).not.toEqual(first);
    expect(await orders(3, false)).toEqual([all, all]);
  });

  test("compiling again forgets the optimizer, not the weights", async () => {
    const { x, y } = lineData(16);
    const network = classifier();
    network.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    await network.fit(x, y, quiet);
    const weights = allWeights(network);
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect(allWeights(network)).toEqual(weights);
    await network.fit(x, y, quiet);
    expect(allWeights(network)).not.toEqual(weights);
  });

  test("a model without weights predicts but is not trained", async () => {
    const double = sequential([
      layers.lambda((x) => x.mul(2), { inputShape: [2] }),
      layers.activation(activations.relu),
    ]);
    expect(await (await double.predict([[1, -2]])).array()).toEqual([[2, 0]]);
    double.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect((await double.evaluate([[1, 1]], [[2, 2]])).loss).toBe(0);
    await expect(double.fit([[1, 1]], [[2, 2]])).rejects.toThrow(/no trainable weights/);
  });
});
