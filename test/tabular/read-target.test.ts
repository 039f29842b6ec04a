import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { splitIndices } from "../../src/data/index.ts";
import { rarestLabels, readKnownTarget, readTarget } from "../../src/tabular/index.ts";
import fc from "../tools/properties.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-target-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function table(name: string, header: string, lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${[header, ...lines].join("\n")}\n`);
  return file;
}

test("amounts are numbers in the order of the rows, NaN where none is", async () => {
  const prices = Array.from({ length: 30 }, (_, i) => (i === 4 ? "" : `$1,${100 + i}.50`));
  const file = table(
    "prices.csv",
    "file,price",
    prices.map((price, i) => `${i}.png,"${price}"`),
  );
  const { meaning, y } = await readTarget(file, { target: "price" });
  expect(meaning).toMatchObject({ name: "price", place: 1, task: "regression", classes: [] });
  expect([...y]).toEqual(prices.map((_, i) => (i === 4 ? Number.NaN : 1100.5 + i)));
  const other = table("other.csv", "cost", ["$2,000", "7.25", "free"]);
  expect([...(await readKnownTarget(other, meaning, ["cost"]))]).toEqual([2000, 7.25, Number.NaN]);
  await expect(readTarget(file, { target: "price", task: "regresion" as "regression" })).rejects.toThrow(
    /unknown task "regresion".*did you mean "regression"/,
  );
  await expect(readKnownTarget(other, meaning)).rejects.toThrow(/no column "price".*one of cost/);
  await expect(readKnownTarget(other, meaning, ["cost", "cost"])).rejects.toThrow(/2 targets were named.*1, as the/);
});

test.each([
  ["a decimal comma", (i: number) => `${8 + i},${10 + i}`, (i: number) => 8 + i + (10 + i) / 100],
  ["a decimal comma, points for thousands", (i: number) => `1.${200 + i},5`, (i: number) => 1200.5 + i],
  ["three digits after a comma that begin with 0", (i: number) => `0,${100 + i}`, (i: number) => (100 + i) / 1000],
  ["commas for thousands", (i: number) => `${1 + i},${100 + i}`, (i: number) => 1000 * (1 + i) + 100 + i],
  [
    "India's groups of digits",
    (i: number) => `1,${10 + i},${100 + i}`,
    (i: number) => 100_000 + 1000 * (10 + i) + 100 + i,
  ],
  ["narrow blanks for thousands", (i: number) => `1\u202f${100 + i} €`, (i: number) => 1100 + i],
])("numbers of text: %s", async (name, written, value) => {
  const lines = Array.from({ length: 30 }, (_, i) => `${i}.png,"${written(i)}"`);
  const file = table(`${name.replaceAll(/\W/g, "-")}.csv`, "file,price", lines);
  const { y } = await readTarget(file, { target: "price" });
  expect([...y]).toEqual(lines.map((_, i) => Math.fround(value(i))));
});

test("words with a separator, and columns of yes and no, are labels", async () => {
  const words = ["red;old", "old", "", "red", "red;old;rare"];
  const file = table(
    "words.csv",
    "file,marks",
    Array.from({ length: 40 }, (_, i) => `${i}.png,${i < 4 || i % 8 < 4 ? words[i % 4] : "red"}`).concat(
      "x.png,red;rare",
    ),
  );
  const { meaning, y, rare } = await readTarget(file, { target: "marks", task: "multi-label" });
  expect([meaning.task, meaning.classes, rare]).toEqual(["multi-label", ["old", "red"], ["rare"]]);
  expect([...y.subarray(0, 8)]).toEqual([1, 1, 1, 0, Number.NaN, Number.NaN, 0, 1]);

  const flags = table(
    "flags.csv",
    "old,red",
    Array.from({ length: 20 }, (_, i) => `${i % 2},${i % 3 ? "yes" : "no"}`),
  );
  const columns = await readTarget(flags, { target: ["red", "old"] });
  expect(columns.meaning.classes).toEqual(["red", "old"]);
  expect([...columns.y.subarray(0, 6)]).toEqual([0, 0, 1, 1, 1, 0]);
  const swapped = table("swapped.csv", "red,old", ["no,1", "yes,0"]);
  expect([...(await readKnownTarget(swapped, columns.meaning))]).toEqual([0, 1, 1, 0]);
});

test("strata of labels can always be held out, and a label of many rows is in both parts", () => {
  const rows = fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { minLength: 20, maxLength: 80 });
  fc.assert(
    fc.property(rows, fc.constantFrom(0.1, 0.15 / 0.8, 0.2, 0.5), (rows, testSize) => {
      const y = rows.flat().map(Number);
      const stratify = rarestLabels(y, 3, testSize);
      const { test } = splitIndices(rows.length, { testSize, stratify });
      const sizes = [0, 1, 2].map((label) => stratify.filter((stratum) => stratum === label).length);
      sizes.forEach((size, label) => {
        // Every row of a stratum has its label, but for those of small strata, which may have come to the largest.
        if (size > 0 && size < Math.max(...sizes))
          expect(rows.filter((row, i) => stratify[i] === label && row[label] !== true)).toEqual([]);
        if (size > 0) expect([...test].some((row) => stratify[row] === label)).toBe(true);
      });
    }),
    { numRuns: 200 },
  );
});
