import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  labelScores,
  loadTableModel,
  type PrepareOptions,
  prepareTable,
  scoresOf,
  TableModel,
  trainTable,
} from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-labels-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of which those with a large a are "hot", a large b "wet", and one in a hundred "odd". */
const ROWS = Array.from({ length: 200 }, (_, i) => {
  const [a, b] = [((i * 37) % 101) / 10, ((i * 53) % 97) / 10];
  const labels = [...(a > 5 ? ["hot"] : []), ...(b > 6 ? ["wet"] : []), ...(i % 50 === 7 ? ["odd"] : [])];
  return { a, b, labels };
});

let files = 0;
function file(text: string, ending: string): string {
  const path = join(folder, `labels-${++files}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const FORMS: readonly (readonly [string, string, PrepareOptions["target"]])[] = [
  [
    "words",
    file(`a,b,y\n${ROWS.map(({ a, b, labels }) => `${a},${b},${labels.join(" ; ") || ";"}\n`).join("")}`, "csv"),
    "y",
  ],
  ["lists", file(ROWS.map(({ a, b, labels }) => `${JSON.stringify({ a, b, y: labels })}\n`).join(""), "jsonl"), "y"],
  [
    "columns",
    file(
      `a,hot,wet,b\n${ROWS.map(({ a, b, labels }) => `${a},${labels.includes("hot") ? "yes" : "no"},${Number(labels.includes("wet"))},${b}\n`).join("")}`,
      "csv",
    ),
    ["hot", "wet"],
  ],
];

test.each(FORMS)("labels as %s are seen, held out alike, and read as 1 and 0", async (form, path, target) => {
  const table = await prepareTable(path, { target, keepDuplicates: true });
  const { recipe, findings } = table;
  expect(recipe.target).toMatchObject({ task: "multi-label", classes: ["hot", "wet"] });
  expect(recipe.columns.map(({ name }) => name)).toEqual(["a", "b"]);
  if (form !== "columns") expect(findings.map(({ text }) => text)).toContain("1 labels are too rare to learn: odd");
  const parts = await Promise.all((["train", "validation", "test"] as const).map((part) => table.part(part)));
  await table.close();
  for (const { y, rows, targets } of parts) {
    expect(targets.shape).toEqual([rows.length, 2]);
    const expected = [...rows].flatMap((row) =>
      ["hot", "wet"].map((label) => Number(ROWS[row - 1]?.labels.includes(label))),
    );
    expect([...y]).toEqual(expected);
  }
  expect(parts.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(200);
  const shares = parts.map(({ y, rows }) => y.filter((value, i) => i % 2 === 1 && value === 1).length / rows.length);
  for (const share of shares) expect(Math.abs(share - (shares[0] as number))).toBeLessThan(0.06);
});

test("a model of labels learns them, is saved, and answers in the file's own words", async () => {
  const [, path, target] = FORMS[0] as (typeof FORMS)[number];
  const table = await prepareTable(path, { target, keepDuplicates: true });
  const [train, validation, tested] = [
    await table.part("train"),
    await table.part("validation"),
    await table.part("test"),
  ];
  const { model } = await trainTable(table, train, validation, { epochs: 60 });
  await expect(trainTable(table, train, validation, { balance: true })).rejects.toThrow(/balance for multi-label/);
  await table.close();
  const output = Float32Array.from(await (await model.predict(tested.x)).data());
  const scores = scoresOf("multi-label", tested.y, output, 2);
  expect(scores["auc"]).toBeGreaterThan(0.95);
  await new TableModel(model, table.recipe).save(join(folder, "model"));
  const loaded = await loadTableModel(join(folder, "model"));
  const { rows, left, scores: all } = await loaded.evaluate(path);
  expect([rows, left]).toEqual([200, 0]);
  expect(all["auc"]).toBeGreaterThan(0.95);
  const fresh = file("b,a\n9.5,9.5\n0.1,9.9\n0.1,0.1\n", "csv");
  for await (const { values } of loaded.answers(fresh)) expect(values).toEqual(["hot;wet", "hot", ""]);
});

test.each([
  ["y", "a,y\n1,x\n2,z\n3,x\n", "multi-label", /holds neither lists nor words with/],
  [
    ["p", "q"],
    `a,p,q\n${ROWS.map(({ a }, i) => `${a},${i % 3},${i % 2}\n`).join("")}`,
    undefined,
    /target "p" is one of several, and ordinal of 3/,
  ],
  [
    ["p", "q"],
    `a,p,q\n${ROWS.map(({ a }, i) => `${a},${i % 2},${i % 2}\n`).join("")}`,
    "binary",
    /binary of several columns/,
  ],
  ["y", "a,y\n1,x\n2,z\n3,x\n", "multilabel", /unknown task "multilabel".*did you mean "multi-label"/],
] as const)("%s that are no labels", async (target, text, task, message) => {
  await expect(prepareTable(file(text, "csv"), { target, task: task as PrepareOptions["task"] })).rejects.toThrow(
    message,
  );
});

test("names with commas stay classes", async () => {
  const places = ["Rome, IT", "Oslo, NO", "Bern, CH"];
  const table = await prepareTable(
    file(`a,y\n${ROWS.map(({ a }, i) => `${a},"${places[i % 3]}"\n`).join("")}`, "csv"),
    { target: "y", keepDuplicates: true },
  );
  await table.close();
  expect(table.recipe.target).toMatchObject({ task: "multi-class", classes: [...places].sort() });
});

test("scores of labels are scikit-learn's", () => {
  // sklearn 1.2.1: accuracy_score, hamming_loss, f1_score (micro, macro), mean of log_loss, roc_auc_score(average="macro")
  const y = Float32Array.from([1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  const p = [0.75, 0.125, 0.5, 0.25, 0.625, 0.875, 0.5, 0.375, 0.25, 0.625, 0.75, 0.125, 0.875, 0.25, 0.375];
  const scores = scoresOf("multi-label", y, Float32Array.from(p), 3);
  const golden = {
    subsetAccuracy: 0.4,
    hammingLoss: 0.2,
    microF1: 0.8,
    f1: 0.7857143,
    logLoss: 0.4514214,
    auc: 0.8888889,
  };
  for (const [name, value] of Object.entries(golden)) expect(scores[name]).toBeCloseTo(value, 6);
  const [first] = labelScores(y, Float32Array.from(p), ["a", "b", "c"]);
  expect(first).toMatchObject({ label: "a", rows: 3, precision: 0.75, recall: 1 });
  expect(first?.auc).toBeCloseTo(0.8333333, 6);
});
