import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { exportOnnx } from "../../src/export/index.ts";
import { model } from "../../src/index.ts";
import {
  encodeRows,
  type PreparedTable,
  prepareTable,
  tableNetwork,
  type WordsFeature,
} from "../../src/tabular/index.ts";
import { openOnnx, runOnnx } from "../export/onnx-runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-words-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A table of texts and numbers. */
function prepared(name: string, rows: number, text: (row: number) => string): Promise<PreparedTable> {
  const lines = Array.from({ length: rows }, (_, i) => `"${text(i)}",${(i * 7) % 23}.5,${i % 19}`);
  writeFileSync(join(folder, name), `title,x,y\n${lines.join("\n")}\n`);
  const types = { title: "text" as const };
  return prepareTable(join(folder, name), { target: "y", task: "regression", types, pieces: 0 });
}

/** What the network gets of texts. */
async function featuresOf(table: PreparedTable, texts: readonly (string | null)[]): Promise<number[][]> {
  const { inputs, features } = table.features();
  const places = table.recipe.columns.map(({ name }) => name);
  const x = { data: new Float64Array(texts.length), shape: [texts.length] };
  const batch = Object.fromEntries(places.map((name, i) => [`x${i}`, name === "title" ? [...texts] : x]));
  const output = await model({ inputs, outputs: features }).predict(encodeRows(table.recipe, batch));
  return ((await output.array()) as number[][]).map((row) => row.slice(1)); // x comes first
}

test("words of 20 rows and more are a vocabulary; others are not looked at, nor are those beyond the first 24", async () => {
  const table = await prepared(
    "titles.csv",
    200,
    (i) => `The ${["House", "Sea"][i % 2]}, of number${i} ${i % 40 === 0 ? "rare" : ""} the`,
  );
  const feature = table.recipe.columns.find(({ name }) => name === "title")?.feature as WordsFeature;
  expect(feature).toEqual({ kind: "words", vocabulary: ["house", "of", "sea", "the"], bins: 4, length: 24 });
  const said = table.findings.find(({ column }) => column === "title")?.text;
  expect(said).toMatch(/^4 words of \d+: those that stand in 20 rows or more$/);
  const late = `${"other ".repeat(24)}sea`;
  const rows = await featuresOf(table, ["The SEA", "number1 rare", "house of house", "", null, late]);
  expect(rows).toEqual([[0, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]); // biome-ignore format: a table
  await table.close();
});

test("where more than 256 words are frequent, all are taken by their hash", async () => {
  // Ten of 300 words in each of 1,000 rows: each word is in some 21 rows of the training part.
  const table = await prepared("reviews.csv", 1400, (i) =>
    Array.from({ length: 10 }, (_, k) => `w${(i * 10 + k * 31) % 300}`).join(" "),
  );
  const feature = table.recipe.columns.find(({ name }) => name === "title")?.feature as WordsFeature;
  expect(feature).toEqual({ kind: "words", bins: 256, length: 24 });
  const [row] = await featuresOf(table, ["w1 w2"]);
  expect(row?.length).toBe(256);
  expect(row?.reduce((sum, x) => sum + x, 0)).toBeGreaterThan(0);
  await table.close();
});

test("a text of which no word is frequent is left out", async () => {
  const table = await prepared("names.csv", 100, (i) => `a${i} b${i} c${i}`);
  expect(table.recipe.columns.map(({ name }) => name)).toEqual(["x"]);
  expect(table.findings.find(({ column }) => column === "title")?.text).toMatch(
    /^left out: none of its \d+ words stands in 20 rows$/,
  );
  await table.close();
});

test("a network of dates and of a text's words answers the same in ONNX Runtime", async () => {
  const lines = Array.from({ length: 300 }, (_, i) => {
    const date = new Date(Date.UTC(2024, 0, 1 + ((i * 7) % 50), i % 24)).toISOString().slice(0, 16).replace("T", " ");
    return `${["old", "new"][i % 2]} ${["red", "blue", "green"][i % 3]} car${i},${date},${i % 19}`;
  });
  writeFileSync(join(folder, "cars.csv"), `title,when,y\n${lines.join("\n")}\n`);
  const table = await prepareTable(join(folder, "cars.csv"), {
    target: "y",
    task: "regression",
    types: { title: "text" },
    pieces: 4,
  });
  expect(table.recipe.columns.map(({ feature }) => feature)).toMatchObject([
    { vocabulary: ["blue", "green", "new", "old", "red"] },
    { kind: "date" },
  ]);
  const network = tableNetwork(table.recipe, { hidden: [8], dropout: 0, seed: 1 });
  const { x, rows } = await table.part("test");
  const session = await openOnnx(await exportOnnx(network));
  // Numbers come first, as in the network.
  const data = Object.values(x).map((given) => ("data" in given ? given.data : given.flat()));
  const [answers] = await runOnnx(session, network, data, rows.length);
  const wanted = await (await network.predict(x)).data();
  expect(wanted.length).toBe(60);
  wanted.forEach((value, i) => expect(answers?.data[i]).toBeCloseTo(value, 4));
  await table.close();
});
