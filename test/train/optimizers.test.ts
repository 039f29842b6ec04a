import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  layers,
  loadModel,
  type Model,
  type OptimizerConfig,
  optimizerNames,
  optimizers,
  sequential,
  wrapperNames,
} from "../../src/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { allWeights } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-optimizers-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Images of 4 x 4 whose class is where they are brighter: left or right. */
const random = new HostRandom(3);
const images = Array.from({ length: 22 }, (_, i) =>
  Array.from({ length: 4 }, () =>
    Array.from({ length: 4 }, (_, column) => [0.5 * random.normal() + (column < 2 === (i % 2 === 0) ? 1 : -1)]),
  ),
);
const classes = images.map((_, i) => [i % 2]);

/** Weights of one, two and four axes, moving statistics and dropout. */
function network(optimizer: OptimizerConfig, engine: "wasm" | "native" = "wasm"): Model {
  const parts = [
    layers.conv2d(3, 3, { activation: "tanh", inputShape: [4, 4, 1], name: "conv" }),
    layers.batchNormalization(),
    layers.flatten(),
    layers.dropout(0.1),
    layers.dense(1, { activation: "sigmoid", name: "head" }),
  ];
  return sequential(parts).compile({ optimizer, loss: "binaryCrossentropy", engine });
}

const trainOn = (model: Model, epochs: number, initialEpoch = 0) =>
  model.fit(images, classes, { epochs, initialEpoch, batchSize: 8, verbose: 0, ...fullBatchOf(model) });

/** lbfgs and gradientDescent take no batch size. */
function fullBatchOf(model: Model): { batchSize?: number } {
  return fullBatch.has(model) ? { batchSize: images.length } : {};
}
const fullBatch = new WeakSet<Model>();

/** Rates that this small task learns with, where the default is made for large ones. */
const rates: Record<string, number> = {
  lion: 0.01,
  sophia: 0.01,
  lamb: 0.05,
  lars: 1,
  adadelta: 3,
  muon: 0.02,
  lbfgs: 0.1,
  ftrl: 0.2, // its first step forgets the first weights
};

const wrapperOptions: Record<string, Record<string, unknown>> = {
  gradientAccumulation: { steps: 2 },
  layerLearningRates: { rates: { head: 0.5, "conv/kernel": 2 } },
  decoupledWeightDecay: { exclude: ["bias"], rate: 0.1 },
  swa: { start: 3, every: 2 },
};

const choices = [
  ...optimizerNames.map((kind) => ({ kind, learningRate: rates[kind] ?? 0.05 })),
  ...wrapperNames.map((kind) => ({ kind, optimizer: { kind: "adam", learningRate: 0.05 }, ...wrapperOptions[kind] })),
  {
    kind: "ema",
    momentum: 0.9,
    optimizer: { kind: "lookahead", optimizer: { kind: "sam", optimizer: { kind: "muon", learningRate: 0.02 } } },
  },
] as OptimizerConfig[];

function made(choice: OptimizerConfig): Model {
  const model = network(choice);
  if (["lbfgs", "gradientDescent"].includes(choice.kind)) fullBatch.add(model);
  return model;
}

describe("a network of every kind of weight", () => {
  test.each(choices)("learns, and trains on after loading, bit for bit, with $kind", async (choice) => {
    const atOnce = made(choice);
    const before = await atOnce.evaluate(images, classes);
    await trainOn(atOnce, 4);
    const after = await atOnce.evaluate(images, classes);
    expect(after.loss).toBeLessThan(before.loss);

    const half = made(choice);
    await trainOn(half, 2);
    const folder = join(scratch, String(choices.indexOf(choice)));
    await half.save(folder);
    const loaded = await loadModel(folder);
    if (fullBatch.has(half)) fullBatch.add(loaded);
    expect(allWeights(loaded)).toEqual(allWeights(half));
    await trainOn(loaded, 4, 2);
    expect(allWeights(loaded)).toEqual(allWeights(atOnce));
  });
});

describe("averages of weights", () => {
  test("are the model's parameters, for evaluate and predict; the raw ones go on in a slot", async () => {
    const plain = network({ kind: "sgd", learningRate: 0.1 });
    const averaged = network({ kind: "ema", optimizer: { kind: "sgd", learningRate: 0.1 }, momentum: 0.5 });
    const start = Float32Array.from(plain.parameters);
    const places: Float32Array[] = [];
    const onStepEnd = () => void places.push(Float32Array.from(plain.parameters));
    await plain.fit(images, classes, { epochs: 2, batchSize: 8, verbose: 0, callbacks: [{ onStepEnd }] });
    await trainOn(averaged, 2);
    const expected = places.reduce((mean, place) => mean.map((value, i) => 0.5 * value + 0.5 * (place[i] ?? 0)), start);
    expect(averaged.parameters.length).toBe(expected.length);
    averaged.parameters.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
    });
  });
});

describe("gradient accumulation", () => {
  test("of two batches is the step of the batch that they are together", async () => {
    const flat = () =>
      sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense(1, { activation: "sigmoid" })]);
    const rows = images.slice(0, 16);
    const known = classes.slice(0, 16);
    const options = { epochs: 3, shuffle: false, verbose: 0 } as const;
    const whole = flat().compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    await whole.fit(rows, known, { ...options, batchSize: 16 });
    const inner = optimizers.adam();
    const parts = flat().compile({
      optimizer: optimizers.gradientAccumulation({ optimizer: inner, steps: 2 }),
      loss: "binaryCrossentropy",
    });
    await parts.fit(rows, known, { ...options, batchSize: 8 });
    parts.parameters.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.parameters[i] ?? Number.NaN, 5);
    });
  });
});
