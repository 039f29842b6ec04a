import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { standardScaler } from "../../src/data/index.ts";
import { layers } from "../../src/nn/index.ts";
import { type Model, sequential } from "../../src/train/index.ts";
import { decodeSafetensors } from "../../src/util/index.ts";
import { worstDifference } from "../export/networks.ts";
import { openOnnx, runOnnx } from "../export/onnx-runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-export-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = [[1, 20], [3, 40], [5, 90]]; // biome-ignore format: a table
let model: Model;
let expected: Float32Array;

beforeAll(async () => {
  const scaler = await standardScaler().fit(rows);
  model = sequential([layers.dense(2, { inputShape: [2] })]);
  const columns = { features: ["size", "age"], target: ["a", "b"] };
  model.facts = {
    preprocessing: { scalers: [scaler.toJSON()], columns } as Model["facts"]["preprocessing"],
    labels: null,
  };
  await model.save(join(folder, "model"));
  expected = (await (await model.predict(scaler.transform(rows))).data()) as Float32Array;
});

test("descent export writes ONNX with the scalers of the training", async () => {
  await exportCommand(join(folder, "model"), { output: join(folder, "a.onnx") });
  const file = new Uint8Array(readFileSync(join(folder, "a.onnx")));
  const [result] = await runOnnx(await openOnnx(file), model, [Float32Array.from(rows.flat())], 3);
  expect(worstDifference(result?.data ?? [], expected)).toBeLessThan(1e-5);
  expect(Buffer.from(file).includes('["size","age"]')).toBe(true);
});

test("descent export writes a script with them, and weights without", async () => {
  await exportCommand(join(folder, "model"), { output: join(folder, "a.mjs") });
  const { predict } = await import(/* @vite-ignore */ join(folder, "a.mjs"));
  expect(worstDifference(predict(rows[2]), expected.subarray(4))).toBeLessThan(1e-5);
  await exportCommand(join(folder, "model"), { output: join(folder, "a.safetensors") });
  const tensors = decodeSafetensors(new Uint8Array(readFileSync(join(folder, "a.safetensors"))), "a.safetensors");
  expect([...tensors.keys()]).toEqual(["dense_1.weight", "dense_1.bias"]);
});

test("descent export refuses other endings and folders without a model", async () => {
  const wrong = exportCommand(join(folder, "model"), { output: join(folder, "a.h5") });
  await expect(wrong).rejects.toThrow(/can't be exported/);
  await expect(exportCommand(join(folder, "none"), { output: join(folder, "a.onnx") })).rejects.toThrow(/no folder/);
});
