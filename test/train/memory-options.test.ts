import { describe, expect, test } from "vitest";
import { layers, losses, type Model, model, sequential, tensor } from "../../src/index.ts";
import type { LossSpec } from "../../src/nn/index.ts";
import type { FitOptions } from "../../src/train/index.ts";

const wave = (rows: number, columns: number, phase: number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => Math.sin(i * 1.7 + j + phase)));
const x = tensor(wave(14, 3, 0));
const labels = tensor(new Int32Array([0, 1, -1, 0, 1, 1, 0, -1, -1, 1, 0, 1, 0, 0]));
const engines = ["reference", "wasm"] as const;

/** Trains and tells the weights, the history of all values and the moving weights. */
async function trained(make: () => Model, loss: LossSpec, y: Parameters<Model["fit"]>[1], options: FitOptions) {
  const net = make();
  const engine = options.verbose === 1 ? "reference" : "wasm";
  net.compile({
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
    loss,
    metrics: [(_, yPred) => yPred.square().sum({ axis: 1 })],
    engine,
  });
  const { history } = await net.fit(x, y, { epochs: 2, batchSize: 7, ...options, verbose: 0 });
  return { weights: Object.values(net.getWeights()).flatMap((values) => [...values]), history };
}

const mlp = () =>
  sequential([
    layers.dense(8, { activation: "tanh", inputShape: [3] }),
    layers.dense(8, { activation: "gelu" }),
    layers.dense(8, { activation: "tanh" }),
    layers.dense(8, { activation: "sigmoid" }),
    layers.dense(2, { activation: "softmax" }),
  ]);

function expectSame(a: number[], b: number[], digits: number): void {
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => {
    expect(b[i]).toBeCloseTo(value, digits);
  });
}

describe.each(engines)("accumulate on %s", (engine) => {
  const verbose = engine === "reference" ? 1 : 0;
  const ignoring = losses.sparseCategoricalCrossentropy({ ignoreClass: -1 });

  test.each([
    [2, ignoring],
    [3, ignoring],
    [7, losses.sparseCategoricalCrossentropy({ ignoreClass: -1, reduction: "sum" })],
    [100, ignoring],
  ] as const)("in %d parts trains as the whole batch does", async (accumulate, loss) => {
    const sampleWeight = Array.from({ length: 14 }, (_, i) => 1 + (i % 3));
    const whole = await trained(mlp, loss, labels, { sampleWeight, verbose });
    const parts = await trained(mlp, loss, labels, { sampleWeight, accumulate, verbose });
    expectSame(whole.weights, parts.weights, 5);
    expectSame(whole.history["loss"] as number[], parts.history["loss"] as number[], 5);
    for (const name of Object.keys(whole.history)) {
      expectSame(whole.history[name] as number[], parts.history[name] as number[], 5);
    }
  });

  test("goes on with the moving weights of the part before, and draws random numbers for each", async () => {
    const normalized = () =>
      sequential([
        layers.dense(4, { inputShape: [3] }),
        layers.batchNormalization(),
        layers.dropout(0.5),
        layers.dense(2, { activation: "softmax" }),
      ]);
    const seen = await trained(normalized, ignoring, labels, { accumulate: 2, verbose });
    const again = await trained(normalized, ignoring, labels, { accumulate: 2, verbose });
    expect(seen.weights).toEqual(again.weights);
    expect(seen.weights.every(Number.isFinite)).toBe(true);
  });
});

describe.each(engines)("recompute on %s", (engine) => {
  const verbose = engine === "reference" ? 1 : 0;
  const loss = losses.sparseCategoricalCrossentropy({ ignoreClass: -1 });

  test.each([true, 2, 3, 100])("%j changes no bit", async (recompute) => {
    const kept = await trained(mlp, loss, labels, { verbose });
    const again = await trained(mlp, loss, labels, { recompute, verbose });
    expect(again.weights).toEqual(kept.weights);
    expect(again.history).toEqual(kept.history);
  });

  test("keeps what branches and statistics need", async () => {
    const branched = () => {
      const input = layers.input({ shape: [3] });
      const a = layers.dense(4, { activation: "tanh" })(input);
      const b = layers.batchNormalization()(layers.dense(4)(a));
      const sum = layers.add()([a, layers.activation("relu")(b)]);
      const hidden = layers.dense(4, { activation: "tanh" })(layers.concatenate()([sum, input]));
      return model({ inputs: input, outputs: layers.dense(2, { activation: "softmax" })(hidden) });
    };
    const kept = await trained(branched, loss, labels, { verbose });
    const again = await trained(branched, loss, labels, { recompute: 3, accumulate: 2, verbose });
    const whole = await trained(branched, loss, labels, { accumulate: 2, verbose });
    expectSame(again.weights, whole.weights, 6);
    expect(kept.weights.length).toBe(again.weights.length);
  });
});

test("losses that look at a batch as a whole are not accumulated; counts are whole numbers", async () => {
  const embed = sequential([layers.dense(2, { inputShape: [3] })]);
  embed.compile({ optimizer: "sgd", loss: "triplet" });
  const some = tensor(new Int32Array(14));
  await expect(embed.fit(x, some, { accumulate: 2, verbose: 0 })).rejects.toThrow("fit got accumulate for triplet");
  await expect(embed.fit(x, some, { accumulate: 0 })).rejects.toThrow("accumulate is 0");
  await expect(embed.fit(x, some, { recompute: 1.5 })).rejects.toThrow("recompute is 1.5");
});
