import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { exportModel, exportOnnx } from "../../src/export/index.ts";
import { layers } from "../../src/nn/index.ts";
import { sequential } from "../../src/train/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = sequential([layers.dense(2, { inputShape: [3] })]);

test("exportModel writes by the file's ending, whole, beside nothing else", async () => {
  await exportModel(model, join(folder, "a/model.onnx"), { metadata: { by: "a test" } });
  expect(new Uint8Array(readFileSync(join(folder, "a/model.onnx")))).toEqual(
    await exportOnnx(model, { metadata: { by: "a test" } }),
  );
  await exportModel(model, join(folder, "a/model.js"));
  await exportModel(model, join(folder, "a/model.ts"));
  expect(readFileSync(join(folder, "a/model.js"), "utf8")).toContain("export function predict(input_1) {");
  expect(readFileSync(join(folder, "a/model.ts"), "utf8")).toContain(
    "export function predict(input_1: ArrayLike<number>)",
  );
  expect(readdirSync(join(folder, "a")).sort()).toEqual(["model.js", "model.onnx", "model.ts"]);
});

test("exportModel refuses other endings, and folders that are files", async () => {
  await expect(exportModel(model, join(folder, "model.h5"))).rejects.toThrow(
    /can't be exported to .*model.h5. Expected/,
  );
  await expect(exportModel(model, join(folder, "a/model.js"), { metadata: {} })).rejects.toThrow(/metadata/);
  await expect(exportModel(model, join(folder, "a/model.js/x.onnx"))).rejects.toThrow(/could not be written/);
});
