import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  importanceEffort,
  loadTableModel,
  permutationImportance,
  prepareTable,
  scoresOf,
  TableModel,
  trainTable,
} from "../../src/tabular/index.ts";
import type { Recipe } from "../../src/tabular/recipe.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-tabular-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** y follows x1 and the city; x2 is noise; values are missing here and there. */
function table(task: "regression" | "binary"): string {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const lines = Array.from({ length: 240 }, (_, i) => {
    const [x1, x2, city] = [random() * 10, random(), ["Rome", "Oslo", "Bern"][i % 3] as string];
    const y = 3 * x1 + (city === "Rome" ? 20 : 0) + random();
    const shown = [
      i % 17 === 0 ? "" : x1.toFixed(3),
      x2.toFixed(3),
      i % 19 === 0 ? "" : city,
      `2024-03-${String(1 + (i % 28)).padStart(2, "0")}`,
    ];
    return [...shown, task === "regression" ? y.toFixed(3) : y > 22 ? "high" : "low"].join(",");
  });
  return `x1,x2,city,day,y\n${lines.join("\n")}\n`;
}

test.each(["regression", "binary"] as const)(
  "a model of a %s learns, is saved, and answers the same to raw rows",
  async (task) => {
    const path = join(folder, `${task}.csv`);
    writeFileSync(path, table(task));
    const prepared = await prepareTable(path, { target: "y" });
    const [train, validation, tested] = [
      await prepared.part("train"),
      await prepared.part("validation"),
      await prepared.part("test"),
    ];
    const { model } = await trainTable(prepared, train, validation, { epochs: 30 });
    const output = Float32Array.from(await (await model.predict(tested.x)).data());
    const scores = scoresOf(task, tested.y, output);
    expect(task === "regression" ? scores["r2"] : scores["auc"]).toBeGreaterThan(0.8);
    const importance = await permutationImportance(model, prepared.recipe, tested);
    expect(
      importance
        .slice(0, 2)
        .map(({ column }) => column)
        .sort(),
    ).toEqual(["city", "x1"]);
    expect(importanceEffort(prepared.recipe, tested.rows.length)).toEqual({ rows: tested.rows.length, repeats: 3 });
    await prepared.close();

    await new TableModel(model, prepared.recipe).save(join(folder, task));
    const loaded = await loadTableModel(join(folder, task));
    expect(loaded.recipe).toEqual(JSON.parse(JSON.stringify(prepared.recipe)));
    const found = await loaded.evaluate(path);
    expect(found.rows).toBe(240);
    for await (const answers of loaded.answers(path, { known: true })) {
      expect(found.scores).toEqual(scoresOf(task, answers.y as Float32Array, answers.output));
      const own = [...tested.rows].map((row) => answers.output[row - 1]);
      own.forEach((value, i) => expect(value).toBeCloseTo(output[i] as number, 4));
    }

    // Many more rows than DuckDB gives at once: each has its own answer, in the order of the file.
    const [title = "", ...all] = readFileSync(path, "utf8").trim().split("\n");
    const long = join(folder, `${task}-long.csv`);
    writeFileSync(long, `${title}\n${Array.from({ length: 30 }, () => all.join("\n")).join("\n")}\n`);
    const [once, given]: [number[], number[]] = [[], []];
    for await (const { output } of loaded.answers(path)) once.push(...output);
    for await (const { rows, output } of loaded.answers(long, { memory: 512 })) {
      expect(rows[0]).toBe(given.length + 1);
      given.push(...output);
    }
    expect(given.length).toBe(30 * 240);
    given.forEach((value, i) => {
      if (Math.abs(value - (once[i % 240] as number)) > 1e-4) expect.fail(`row ${i + 1} has another's answer`);
    });
    const many = await loaded.evaluate(long, { memory: 512 });
    expect(many).toMatchObject({ rows: 30 * 240, margin: 0 });
    for (const [name, score] of Object.entries(many.scores)) expect(score).toBeCloseTo(found.scores[name] as number, 5);
    await expect(loaded.evaluate(long, { memory: 100 })).rejects.toThrow("evaluate: memory is 100. Expected megabytes");

    // The same rows as JSON lines, columns in another order, one more and the target missing: the same answers.
    const [names = "", ...lines] = readFileSync(path, "utf8").trim().split("\n");
    const rows = lines.slice(0, 9).map((line) => {
      const cells = Object.fromEntries(
        line.split(",").map((cell, i) => [names.split(",")[i], cell === "" ? null : cell]),
      );
      return JSON.stringify({
        more: true,
        city: cells["city"],
        x2: Number(cells["x2"]),
        day: cells["day"],
        x1: cells["x1"] && Number(cells["x1"]),
      });
    });
    const other = join(folder, `${task}.jsonl`);
    writeFileSync(other, `${rows.join("\n")}\n`);
    const first = await loaded.answers(path).next();
    const again = await loaded.answers(other).next();
    again.value.output.forEach((value: number, i: number) => expect(value).toBeCloseTo(first.value.output[i], 4));

    writeFileSync(other, '{"x1": 1, "x2": 2, "cty": "Rome", "day": "2024-01-01"}\n');
    await expect(loaded.answers(other).next()).rejects.toThrow(/has no column "city".*did you mean "cty"/);
  },
);

test("scores are scikit-learn's", () => {
  // sklearn 1.2.1: f1_score(average="macro"), roc_auc_score, log_loss, brier_score_loss, r2_score
  const y = Float32Array.from([0, 0, 1, 1, 1]);
  const p = Float32Array.from([0.125, 0.5, 0.5, 0.25, 0.875]);
  const binary = scoresOf("binary", y, p);
  expect(binary["accuracy"]).toBeCloseTo(0.6, 6);
  expect(binary["f1"]).toBeCloseTo(0.583333333, 6);
  expect(binary["auc"]).toBeCloseTo(0.75, 6);
  expect(binary["logLoss"]).toBeCloseTo(0.607927, 5);
  expect(binary["brier"]).toBeCloseTo(0.21875, 6);
  const regression = scoresOf("regression", Float32Array.from([1, 2, 4]), Float32Array.from([1, 3, 3]));
  expect(regression["r2"]).toBeCloseTo(0.571428571, 6);
  expect(regression["meanAbsoluteError"]).toBeCloseTo(0.666666667, 6);
});

test("importance of thousands of columns is measured by one shuffle each, on fewer rows", () => {
  const feature = { kind: "number", indicator: false, levels: [] };
  const columns = Array.from({ length: 3000 }, (_, i) => ({ name: `c${i}`, input: "numbers", feature }));
  const wide = { columns } as unknown as Recipe;
  expect(importanceEffort(wide, 400)).toEqual({ rows: 200, repeats: 1 });
  expect(importanceEffort({ ...wide, columns: wide.columns.slice(0, 900) }, 2000)).toEqual({ rows: 1851, repeats: 1 });
  expect(importanceEffort({ ...wide, columns: wide.columns.slice(0, 100) }, 9000)).toEqual({ rows: 2000, repeats: 3 });
});
