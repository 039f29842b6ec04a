import { describe, expect, test } from "vitest";
import {
  defineLayer,
  type LayerOptions,
  layers,
  type MetricDefinition,
  registerLayer,
  trainable,
} from "../../src/nn/index.ts";
import { optimizers } from "../../src/optim/index.ts";
import { stopGradient, type Tensor, tensor } from "../../src/tensor/index.ts";
import {
  availableEngines,
  expectClose,
  forEachEngine,
  layerCase,
  lossCase,
  metricCase,
  optimizerCase,
  runOn,
} from "../../src/testing/index.ts";

const x = tensor([
  [1, -2, 3],
  [0.5, 4, -1],
]);
/** The faults below are caught on any engine; the reference engine needs no compiler. */
const engines = ["reference"] as const;

/** A registered layer y = f(x), of the input's shape unless told otherwise. */
function layerOf(name: string, f: (x: Tensor) => Tensor, outputShape = (input: readonly number[]) => input) {
  return registerLayer(name, (options: LayerOptions = {}) =>
    defineLayer({ kind: name, options, outputShape, call: f }),
  );
}

type Scaling = LayerOptions & { factor?: number };

registerLayer<Scaling>("scaled", ({ factor = 1 }) => layers.lambda((x) => x.mul(factor)));

/** Says that it is a "scaled", but not by what. */
const tripled = defineLayer({ kind: "scaled", options: {}, outputShape: (input) => input, call: (x) => x.mul(3) });

describe("forEachEngine", () => {
  test("visits the reference engine first, then what else is here", async () => {
    const seen: string[] = [];
    await forEachEngine((engine) => void seen.push(engine));
    expect(seen).toEqual(await availableEngines());
    expect(seen[0]).toBe("reference");
  });

  test("runOn computes on the engine it is told", async () => {
    await forEachEngine(async (engine) => {
      const { y, count } = await runOn(engine, { x }, ({ x }) => ({ y: x.square(), count: x.greater(0).sum() }));
      expectClose(y.data, [1, 4, 9, 0.25, 16, 1]);
      expect(y.shape).toEqual([2, 3]);
      expectClose(count.data, [4]);
    });
  });
});

describe("layerCase", () => {
  test("gives a good layer's numbers", async () => {
    const scale = registerLayer<Scaling>("scaleForTest", (options) =>
      defineLayer({
        kind: "scaleForTest",
        options,
        outputShape: (input) => input,
        weights: (input) => ({ weight: trainable(input, "ones") }),
        call: (x, { weight }) => x.mul(weight).mul(options.factor ?? 1),
      }),
    );
    const numbers = await layerCase({
      layer: scale({ factor: 2 }),
      inputs: [x],
      weights: { weight: tensor([1, 2, 3]) },
      cotangent: x.mul(0).add(1),
      expected: {
        output: [
          [2, -8, 18],
          [1, 16, -6],
        ],
        inputGradients: [[2, 4, 6, 2, 4, 6]],
        weightGradients: { weight: [3, 4, 4] },
      },
    });
    expect(numbers.output.shape).toEqual([2, 3]);
    expect(Object.keys(numbers.weightGradients)).toEqual(["weight"]);
  });

  test("takes layers as they come: random, with moving weights, with several inputs, custom", async () => {
    const training = true;
    await layerCase({ layer: layers.dropout(0.5), inputs: [x], training });
    // Not of two rows: they are normalized to +-1 whatever they are, so that the gradient is but rounding.
    const rows = tensor([1, -2, 0.5, 4], { shape: [4, 1] });
    const { updates } = await layerCase({
      layer: layers.batchNormalization({ momentum: 0.5 }),
      inputs: [rows],
      training,
    });
    expectClose(updates["movingMean"]?.data ?? [], [0.4375]);
    await layerCase({ layer: layers.add(), inputs: [x, x] });
    await layerCase({ layer: layers.lambda((x) => x.tanh()), inputs: [x] });
  });

  test.each<[string, Parameters<typeof layerCase>[0], RegExp]>([
    [
      "another number than expected",
      { layer: layers.activation("relu"), inputs: [x], expected: { output: [1, 0, 3, 0.5, 4, 0.1] } },
      /reference: output: element \[5\] is 0 .*Expected 0\.1/,
    ],
    [
      "an output of another shape than announced",
      { layer: layerOf("announcedWrong", (x) => x.slice(null, [0, 2]))(), inputs: [x], cotangent: tensor([1]) },
      /the output has shape \[2, 2\]\. Expected \[2, 3\]/,
    ],
    [
      "a wrong gradient",
      { layer: layerOf("slopeWrong", (x) => x.mul(stopGradient(x)))(), inputs: [x] },
      /gradient of slopeWrong is wrong/,
    ],
    [
      "samples that see each other",
      { layer: layerOf("mixing", (x) => x.sub(x.mean({ axis: 0 })))(), inputs: [x] },
      /the first sample by itself/,
    ],
    ["an option that its saved form loses", { layer: tripled, inputs: [x] }, /made again from its options: element/],
    [
      "weights that the layer does not have",
      { layer: layers.flatten(), inputs: [x], weights: { kernel: x } },
      /flatten got the weights kernel/,
    ],
  ])("refuses %s", async (_, given, message) => {
    await expect(layerCase({ ...given, engines })).rejects.toThrow(message);
  });
});

describe("lossCase", () => {
  const [yTrue, yPred] = [tensor([[1], [2], [4]]), tensor([[1.5], [9], [4]])];

  test("gives a loss's numbers", async () => {
    const expected = { perSample: [0.125, 6.5, 0], mean: 6.625 / 3, gradient: [[0.5 / 3], [1 / 3], [0]] };
    const { mean } = await lossCase({ loss: "huber", yTrue, yPred, expected });
    expect(mean.shape).toEqual([]);
    const custom = (y: Tensor, p: Tensor) => y.sub(p).square().mean();
    await lossCase({ loss: custom, yTrue, yPred, expected: { mean: 49.25 / 3 } });
  });

  test.each<[string, Partial<Parameters<typeof lossCase>[0]>, RegExp]>([
    ["another number than expected", { loss: "huber", expected: { mean: 2 } }, /reference: mean: element/],
    ["samples that see each other", { loss: (y, p) => y.sub(p).div(y.mean()).square() }, /the first sample by itself/],
    ["a missing sampleWeight", { loss: "huber", expected: { weighted: 1 } }, /no weighted\. Expected a sampleWeight/],
    ["a loss of another shape", { loss: (y, p) => y.sub(p).flatten().slice([0, 2]) }, /the loss of .* gives \[2\]/],
  ])("refuses %s", async (_, given, message) => {
    await expect(lossCase({ loss: "huber", yTrue, yPred, ...given, engines })).rejects.toThrow(message);
  });
});

describe("optimizerCase", () => {
  const walk = { start: tensor([[4], [-4]]), gradient: (p: Tensor) => p.mul(2), steps: [1, 2, 50] };

  test("gives the places of a walk", async () => {
    const halves = optimizers.gradientDescent({ learningRate: 0.25 });
    const expected = [
      [[2], [-2]],
      [[1], [-1]],
      [[0], [0]],
    ];
    const places = await optimizerCase({ ...walk, optimizer: halves, expected, atol: 1e-6 });
    expect(places.map(({ shape }) => shape)).toEqual([
      [2, 1],
      [2, 1],
      [2, 1],
    ]);
  });

  test("knows custom ones with slots, schedules, and rates from outside", async () => {
    const averaged = optimizers.custom<"mean">(
      ({ parameter, gradient, slots, learningRate }) => {
        const mean = slots.mean.mul(0.5).add(gradient.mul(0.5));
        return { parameter: parameter.sub(mean.mul(learningRate)), slots: { mean } };
      },
      { slots: { mean: 0 }, learningRate: 0.5 },
    );
    await optimizerCase({
      ...walk,
      steps: [1, 2],
      optimizer: averaged,
      expected: [
        [2, -2],
        [0, -0],
      ],
    });
    const learningRate = { kind: "stepDecay", learningRate: 0.25, decaySteps: 1, decayRate: 0.5 };
    await optimizerCase({
      ...walk,
      steps: [1, 2],
      optimizer: { kind: "sgd", learningRate },
      expected: [
        [2, -2],
        [1.5, -1.5],
      ],
    });
    await optimizerCase({
      ...walk,
      steps: [1, 2],
      optimizer: "sgd",
      learningRates: [0.25, 0.5],
      expected: [
        [2, -2],
        [0, 0],
      ],
    });
  });

  test("refuses another place, naming the step", async () => {
    const wrong = {
      ...walk,
      steps: [1, 2],
      optimizer: "sgd" as const,
      learningRates: [0.25, 0.5],
      expected: [
        [2, -2],
        [0, 0.1],
      ],
    };
    await expect(optimizerCase({ ...wrong, engines })).rejects.toThrow(
      /reference: parameters after step 2: element \[1\] is 0/,
    );
  });
});

describe("metricCase", () => {
  const batches = [
    { yTrue: tensor([[1], [0]]), yPred: tensor([[0.9], [0.8]]) },
    { yTrue: tensor([[1]]), yPred: tensor([[0.2]]) },
  ];

  test("gives the metric of all batches", async () => {
    expect(await metricCase({ metric: "precision", batches, expected: 0.5 })).toBe(0.5);
    expect(
      await metricCase({
        metric: "confusionMatrix",
        batches,
        expected: [
          [0, 1],
          [1, 1],
        ],
      }),
    ).toEqual([
      [0, 1],
      [1, 1],
    ]);
    const [first] = batches;
    const weighted = [{ ...first!, sampleWeight: tensor([3, 1]) }];
    await metricCase({ metric: "precision", batches: weighted, expected: 0.75 });
  });

  test("refuses a metric that is averaged over batches", async () => {
    const averaged: MetricDefinition = {
      kind: "custom",
      name: "averaged",
      options: {},
      build: () => ({
        name: "averaged",
        size: 2,
        statistics: (yTrue, yPred) =>
          yTrue
            .sub(yPred)
            .abs()
            .mean()
            .reshape([1])
            .pad([[0, 1]], 1),
        result: ([sum = 0, count = 0]) => sum / count,
      }),
    };
    await expect(metricCase({ metric: averaged, batches, engines })).rejects.toThrow(/all data as one batch: element/);
  });

  test("refuses another number than expected", async () => {
    await expect(metricCase({ metric: "precision", batches, expected: 1, engines })).rejects.toThrow(
      /precision: element/,
    );
  });
});
