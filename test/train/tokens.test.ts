import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layers, loadModel, type Model, model, sequential, tensor } from "../../src/index.ts";

/** Sequences of 4 numbers below 5, and for each number the one after it: 0 -> 1 -> ... -> 4 -> 0. */
const rows = 24;
const tokens = Int32Array.from({ length: rows * 4 }, (_, i) => (i * 7 + Math.floor(i / 4)) % 5);
const next = tokens.map((token) => (token + 1) % 5);
const x = { data: tokens, shape: [rows, 4] };
const y = { data: next, shape: [rows, 4] };

function successor(): Model {
  const trained = sequential([layers.embedding(5, 8, { inputShape: [4] }), layers.dense(5, { activation: "softmax" })]);
  return trained.compile({
    optimizer: { kind: "adam", learningRate: 0.05 },
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    engine: "wasm",
  });
}

describe("whole numbers as inputs", () => {
  let trained: Model;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "descent-tokens-"));
    trained = successor();
    await trained.fit(x, y, { epochs: 25, batchSize: 7, verbose: 0 });
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("enter a model as int32, and targets are one class per place", async () => {
    expect(trained.inputs[0]?.dtype).toBe("int32");
    const { loss, accuracy } = await trained.evaluate(x, y);
    expect(accuracy).toBe(1);
    expect(loss).toBeLessThan(0.2);
  });

  test("may come as lists, float32 or bytes: the same numbers, the same answer", async () => {
    const expected = await (await trained.predict(x)).data();
    const lists = Array.from({ length: rows }, (_, row) => [...tokens.subarray(4 * row, 4 * row + 4)]);
    for (const same of [lists, tensor(lists), { data: Uint8Array.from(tokens), shape: [rows, 4] }]) {
      expect(await (await trained.predict(same)).data()).toEqual(expected);
    }
  });

  test("survive save and load", async () => {
    await trained.save(folder);
    const loaded = await loadModel(folder);
    expect(loaded.inputs[0]?.dtype).toBe("int32");
    expect(await loaded.evaluate(x, y)).toEqual(await trained.evaluate(x, y));
  });

  test("out of range are refused before any work, by row and column", async () => {
    const wrong = { data: tokens.with(13, 5), shape: [rows, 4] };
    const message =
      "x: row 3, column 1 is 5. Expected whole numbers from 0 to 4, the ones that embedding_1 knows. " +
      "Fix: give the embedding a larger inputDim, or replace what is unknown.";
    for (const use of [() => trained.fit(wrong, y), () => trained.evaluate(wrong, y), () => trained.predict(wrong)]) {
      await expect(use()).rejects.toThrow(message);
    }
    await expect(trained.predict([[0, 1, -1, 2]])).rejects.toThrow("x: row 0, column 2 is -1");
    await expect(trained.predict([[0, 1, 2, 1.5]])).rejects.toThrow("x: row 0, column 3 is 1.5");
    await expect(trained.predict([[]])).rejects.toThrow("x has shape [1, 0]. Expected samples of shape [4]");
  });

  test("are checked for the smallest of several embeddings, also in functional models", async () => {
    const input = layers.input({ shape: [3] });
    const both = layers.add()([layers.embedding(9, 2)(input), layers.embedding(4, 2, { name: "few" })(input)]);
    const network = model({ inputs: input, outputs: both });
    await expect(network.predict([[1, 4, 0]])).rejects.toThrow("column 1 is 4. Expected whole numbers from 0 to 3");
  });

  test("wrong targets are refused by sample and place", async () => {
    const wrong = { data: next.with(6, 9), shape: [rows, 4] };
    await expect(trained.fit(x, wrong)).rejects.toThrow("y holds the label 9 at sample 1, element [2]");
  });
});
