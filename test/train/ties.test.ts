import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  addLora,
  type CheckpointOptions,
  layers,
  loadModel,
  type Model,
  mergeLora,
  sequential,
} from "../../src/index.ts";
import { allWeights } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-ties-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const quiet = { verbose: 0 } as const;
const x = [
  [0, 1, 2],
  [3, 4, 0],
  [2, 2, 1],
  [4, 0, 3],
  [1, 3, 3],
];
const y = x.map((row) => row.map((token) => (token + 1) % 5));

/** Words to scores of the next words, one matrix for both; it lies in a model within the model when `inside`. */
function speaker(inside = false): Model {
  const words = layers.embedding(5, 3, { name: "words", inputShape: [3] });
  const ties = { kernel: { layer: words, weight: "embeddings", transpose: true } };
  const parts = [words, layers.dense(3, { activation: "tanh" }), layers.dense(5, { ties, name: "scores" })];
  return inside ? sequential([sequential(parts, { name: "part" }), layers.activation("softmax")]) : sequential(parts);
}

const compiled = (model: Model, engine: "auto" | "reference" = "reference") =>
  model.compile({
    optimizer: { kind: "adam", learningRate: 0.02 },
    loss: { kind: "sparseCategoricalCrossentropy", fromLogits: model.layers.length === 4 },
    engine,
  });

const numbers = async (model: Model) => [...(await (await model.predict(x)).data())];

describe("a weight of two layers", () => {
  test("is there once: in weights, summary and vectors", () => {
    const model = speaker();
    expect(model.weights.map(({ path }) => path)).toEqual([
      "words/embeddings",
      "dense_1/kernel",
      "dense_1/bias",
      "scores/bias",
    ]);
    expect(model.parameters).toHaveLength(15 + 12 + 5);
    expect(model.summary()).toContain("scores (dense), kernel of words/embeddings");
    expect(model.summary()).toContain("Parameters: 32 (128 B)");
    expect(model.workPerSample).toBe(3 * (15 + 3) + 3 * (12 + 3) + 3 * (5 + 15 + 5) + 3);
  });

  test.each([false, true])("is saved and loaded with its tie, and trains on as before (inside: %s)", async (inside) => {
    const model = compiled(speaker(inside), "auto"); // a loaded model has no other
    await model.fit(x, y, { epochs: 2, batchSize: 2, ...quiet });
    const place = join(scratch, `saved-${inside}`);
    await model.save(place);
    const loaded = await loadModel(place);
    expect(loaded.toConfig()).toEqual(model.toConfig());
    expect(JSON.stringify(loaded.toConfig())).toContain('"layer":"words","weight":"embeddings","transpose":true');
    for (const each of [model, loaded]) await each.fit(x, y, { epochs: 2, batchSize: 2, ...quiet });
    expect(allWeights(loaded)).toEqual(allWeights(model));
  });

  test("is known to other models that have both layers", async () => {
    const input = layers.input({ shape: [3], dtype: "int32" });
    const words = layers.embedding(5, 3, { name: "words" });
    const scores = layers.dense(5, { ties: { kernel: { layer: "words", weight: "embeddings", transpose: true } } });
    const [one, other] = [sequential([input, words, scores]), sequential([input, words, scores])];
    one.compile({ optimizer: "adam", loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true } });
    await one.fit(x, y, quiet);
    expect(await numbers(other)).toEqual(await numbers(one));
  });

  test("is trained as its layer is: frozen with it, whatever the other's flag says", async () => {
    const model = speaker();
    model.getLayer("scores").trainable = false;
    model.getLayer("dense_1").trainable = false;
    compiled(model);
    expect(model.weights.filter(({ trainable }) => trainable).map(({ path }) => path)).toEqual(["words/embeddings"]);
    model.getLayer("words").trainable = false;
    model.getLayer("scores").trainable = true;
    compiled(model);
    expect(model.weights.filter(({ trainable }) => trainable).map(({ path }) => path)).toEqual(["scores/bias"]);
    const before = [...(model.getWeights()["words/embeddings"] ?? [])];
    await model.fit(x, y, quiet);
    expect([...(model.getWeights()["words/embeddings"] ?? [])]).toEqual(before);
  });

  test("is held by checkpoints once, and a training goes on from them", async () => {
    const checkpoint: CheckpointOptions = { folder: join(scratch, "checkpoints"), every: { steps: 2 } };
    const [whole, first, second] = [compiled(speaker()), compiled(speaker()), compiled(speaker())];
    await whole.fit(x, y, { epochs: 4, batchSize: 2, ...quiet });
    await first.fit(x, y, { epochs: 2, batchSize: 2, checkpoint, ...quiet });
    await second.fit(x, y, { epochs: 4, batchSize: 2, checkpoint: { ...checkpoint, resume: true }, ...quiet });
    expect(allWeights(second)).toEqual(allWeights(whole));
  });

  test("is copied with its tie to find a learning rate", async () => {
    const model = compiled(speaker(true));
    const before = allWeights(model);
    const { losses } = await model.findLearningRate(x, y, { steps: 10, batchSize: 2, ...quiet });
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(allWeights(model)).toEqual(before);
  });

  test("gets changes of its own in each layer by LoRA; merged, the layers are tied no more", async () => {
    const model = compiled(speaker());
    const tuned = addLora(model, { rank: 1 });
    expect(tuned.weights.filter(({ trainable }) => trainable)).toHaveLength(6);
    expect(tuned.getLayer("scores").ties.map(({ path }) => path)).toEqual(["words/embeddings"]);
    compiled(tuned);
    await tuned.fit(x, y, { epochs: 5, ...quiet });
    const merged = mergeLora(tuned);
    expect(merged.getLayer("scores").ties).toEqual([]);
    const learned = await numbers(tuned);
    (await numbers(merged)).forEach((value, i) => {
      expect(value).toBeCloseTo(learned[i] as number, 5);
    });

    const around = mergeLora(addLora(model, { rank: 1, layers: ["dense_1"] }));
    expect(around.toConfig()).toEqual(model.toConfig());
  });
});

describe("ties that can't be", () => {
  const tied = (tie: object, weight = "kernel") => {
    const words = layers.embedding(5, 3, { name: "words", inputShape: [3] });
    const ties = { [weight]: { layer: words, weight: "embeddings", transpose: true, ...tie } };
    return () => sequential([words, layers.dense(3), layers.dense(5, { ties: ties as never, name: "scores" })]);
  };
  const elsewhere = layers.dense(5, { inputShape: [3] });
  const cases: [string, () => unknown, string][] = [
    ["a weight it lacks", tied({}, "kernl"), 'got ties.kernl, and has no trainable weight "kernl"'],
    ["a weight the other lacks", tied({ weight: "kernel" }), 'unknown weight of words "kernel"'],
    ["an unknown layer", tied({ layer: "wrods" }), 'did you mean "words"?'],
    ["a layer of another model", tied({ layer: elsewhere }), "tied to a dense layer that the model does not use"],
    ["the layer itself", tied({ layer: "scores", weight: "bias" }, "bias"), "tied to the layer itself"],
    ["another shape", tied({ transpose: false }), "[5, 3]. Expected [3, 5]. Fix: transpose: true"],
    ["another size", tied({ layer: "dense_1", weight: "kernel", transpose: false }), "[3, 3]. Expected [3, 5]"],
    ["an unknown option", tied({ transposed: true }), 'did you mean "transpose"?'],
    ["no layer", tied({ layer: 3 }), "ties.kernel.layer is 3"],
    ["a flag that is none", tied({ transpose: 1 }), "ties.kernel.transpose is 1"],
    ["no record", () => layers.dense(2, { ties: "words" as never }), 'got ties = "words"'],
    [
      "an initializer of a weight that is another's",
      () => layers.dense(2, { kernelInitializer: "ones", ties: { kernel: { layer: "words" } } }),
      "got kernelInitializer for a weight of another layer. Expected kernelInitializer of that layer",
    ],
    [
      "a tie of a tie",
      () =>
        sequential([
          layers.dense(3, { inputShape: [3] }),
          layers.dense(3, { ties: { kernel: { layer: "dense_1" } } }),
          layers.dense(3, { ties: { kernel: { layer: "dense_2" } } }),
        ]),
      "dense_2/kernel, which is tied itself",
    ],
    [
      "moving statistics",
      () =>
        sequential([
          layers.batchNormalization({ inputShape: [3] }),
          layers.dense(3, { ties: { bias: { layer: "batchNormalization_1", weight: "movingMean" } } }),
        ]),
      "Expected a weight that training changes",
    ],
    [
      "a layer within a layer",
      () => layers.timeDistributed(layers.dense(3, { ties: { kernel: { layer: "dense_1" } } })),
      "timeDistributed got a dense layer with ties. Expected ties of the timeDistributed layer itself",
    ],
  ];
  test.each(cases)("%s", (_name, act, text) => {
    expect(act).toThrow(text);
  });
});
