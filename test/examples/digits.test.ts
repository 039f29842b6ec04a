import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../examples/digits.ts";
import { compiledEngines } from "../engine/engines.ts";
import { withEnvironment } from "../engine/environment.ts";

describe.each(await compiledEngines())("digits, seen once, on $name", ({ name }) => {
  let folder = "";
  let result: Awaited<ReturnType<typeof main>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "descent-digits-"));
    result = await withEnvironment({ DESCENT_ENGINE: name }, () => main({ epochs: 1, folder, verbose: 0 }));
  });
  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test("are told apart on at least 93 % of the test images", () => {
    expect(result.accuracy).toBeGreaterThanOrEqual(0.93);
  });

  test("every number of the result agrees with the confusion matrix", () => {
    const { accuracy, confusion, perClass } = result;
    const total = confusion.flat().reduce((sum, count) => sum + count, 0);
    expect(total).toBe(2000);
    const right = confusion.reduce((sum, row, digit) => sum + (row[digit] ?? 0), 0);
    expect(accuracy).toBeCloseTo(right / total, 6);
    perClass.forEach(({ precision, recall, f1, support }, digit) => {
      const hits = confusion[digit]?.[digit] ?? 0;
      const called = confusion.reduce((sum, row) => sum + (row[digit] ?? 0), 0);
      expect(support).toBe(confusion[digit]?.reduce((sum, count) => sum + count, 0));
      expect(precision).toBeCloseTo(hits / Math.max(1, called), 6);
      expect(recall).toBeCloseTo(hits / support, 6);
      expect(f1).toBeCloseTo((2 * hits) / (called + support), 6);
    });
  });

  test("the model and the report are written", async () => {
    const report = await readFile(result.report, "utf8");
    expect(report).toContain("Handwritten digits");
    expect(report).toContain("data:image/png");
    expect(report).not.toMatch(/src="http|href="http/);
    const model = JSON.parse(await readFile(join(folder, "model", "model.json"), "utf8"));
    expect(model).toBeTypeOf("object");
    expect((await readFile(join(folder, "model", "weights.safetensors"))).length).toBeGreaterThan(23_000 * 4);
  });
});
