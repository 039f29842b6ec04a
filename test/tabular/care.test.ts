import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type PrepareOptions, prepareTable } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-care-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
async function prepared(text: string, options: PrepareOptions) {
  const path = join(folder, `care-${++files}.csv`);
  writeFileSync(path, text);
  return prepareTable(path, { keepDuplicates: true, ...options });
}

/** 40 of 200 pressures are 0 where none is known, ages are 999; children are often 0, and that is so. */
const PEOPLE = `pressure,age,children,y\n${Array.from({ length: 200 }, (_, i) =>
  [i % 5 === 0 ? 0 : 50 + ((i * 37) % 61), i % 20 === 3 ? 999 : 20 + ((i * 29) % 53), (i * 7) % 12, `${i % 17}.5`].join(
    ",",
  ),
).join("\n")}\n`;

test("numbers that may mean unknown are warned of, and taken so where that is said", async () => {
  const table = await prepared(PEOPLE, { target: "y" });
  const warned = table.findings.filter(({ text }) => text.includes("--unknown"));
  expect(warned.map(({ column }) => column)).toEqual(["pressure", "age"]);
  expect(warned[0]?.text).toMatch(/^0 stands in 40 of 200 rows, all others are 50 and more/);
  expect(warned[1]?.text).toMatch(/^999 stands in 10 of 200 rows, all others are 72 and less/);
  await table.close();

  const told = await prepared(PEOPLE, { target: "y", unknown: { pressure: [0], age: [999] } });
  expect(told.findings.filter(({ text }) => text.includes("--unknown"))).toEqual([]);
  const [pressure, age] = told.recipe.columns.map(({ feature }) => feature);
  expect(pressure).toMatchObject({ kind: "number", indicator: true, low: 50 });
  expect(age).toMatchObject({ kind: "number", indicator: true, high: 72 });
  expect(told.recipe.columns[0]?.reading).toEqual({ as: "number", unknown: [0] });
  await told.close();
  await expect(prepared(PEOPLE, { target: "y", unknown: { pressure: ["0"] as never } })).rejects.toThrow(
    /a list of numbers/,
  );
});

test.each(["over", "under"] as const)(
  "resampling %s makes the classes of the training part equally many",
  async (way) => {
    const text = `x,y\n${Array.from({ length: 300 }, (_, i) => `${(i * 37) % 101}.5,${i % 10 < 6 ? "a" : i % 10 < 9 ? "b" : "c"}\n`).join("")}`;
    const [plain, table] = [
      await prepared(text, { target: "y" }),
      await prepared(text, { target: "y", resample: way }),
    ];
    const counts = (y: Float32Array) => [0, 1, 2].map((label) => y.filter((value) => value === label).length);
    const [before, after] = [await plain.part("train"), await table.part("train")];
    const sizes = counts(before.y);
    const goal = way === "over" ? Math.max(...sizes) : Math.min(...sizes);
    expect(counts(after.y)).toEqual([goal, goal, goal]);
    // Rows of a class stand there equally often, give or take one; none is new.
    const times = new Map<number, number>();
    for (const row of after.rows) times.set(row, (times.get(row) ?? 0) + 1);
    expect([...times.keys()].every((row) => before.rows.includes(row))).toBe(true);
    before.rows.forEach((row, i) => {
      const share = goal / (sizes[before.y[i] as number] as number);
      expect(Math.abs((times.get(row) ?? 0) - share)).toBeLessThan(1);
    });
    for (const part of ["validation", "test"] as const) expect(await table.part(part)).toEqual(await plain.part(part));
    await plain.close();
    await table.close();
    await expect(prepared(PEOPLE, { target: "y", resample: way })).rejects.toThrow(/resample for regression/);
  },
);

test("columns that are filled in when all is over, or tell the target on their own, are hinted at; good ones are not", async () => {
  let state = 5;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const lines = Array.from({ length: 400 }, (_, i) => {
    const survived = random() < 0.4;
    const boat = survived || random() < 0.25 ? `B${1 + (i % 30)}` : "000";
    const good = (survived ? 1 : 0) + 1.2 * random(); // two thirds of its range tell the target
    const telling = (survived ? 1 : 0) + 1.05 * random();
    const gaps = random() < 0.3 ? "" : random().toFixed(3);
    return [boat, good.toFixed(3), telling.toFixed(3), gaps, survived ? "yes" : "no"].join(",");
  });
  const path = join(folder, "ship.csv");
  writeFileSync(path, `boat,good,telling,gaps,survived\n${lines.join("\n")}\n`);
  const table = await prepareTable(path, { target: "survived" });
  const hints = table.findings.filter(({ kind }) => kind === "hint");
  expect(hints.map(({ column }) => column)).toEqual(["boat", "telling"]);
  expect(hints[0]?.text).toMatch(/where it is empty or 0, the target is no in (\d+) of \1 rows.*--ignore/);
  expect(hints[1]?.text).toMatch(/nearly alone \(\d\d\.\d %\)/);
  await table.close();
});

test("columns of codes that are filled in only where a hinted one is are named with it", async () => {
  const lines = Array.from({ length: 300 }, (_, i) => {
    const isSick = i % 3 > 0;
    const first = (isSick ? i % 100 > 0 : i % 4 === 0) ? `0${2000 + (i % 40)}` : "00000";
    const second = isSick && i % 30 === 1 ? "03111" : "00000"; // tells next to nothing of the target
    const other = i % 7 === 0 ? `0${4000 + (i % 20)}` : "00000"; // of the same kind, but also where the first is empty
    return [first, second, other, `${(i * 37) % 101}.5`, isSick ? "yes" : "no"].join(",");
  });
  const table = await prepared(`first,second,other,age,sick\n${lines.join("\n")}\n`, { target: "sick" });
  const hints = table.findings.filter(({ kind }) => kind === "hint");
  await table.close();
  expect(hints.map(({ column }) => column)).toEqual(["first"]);
  expect(hints[0]?.text).toMatch(/the target is no in .*; likewise second, filled in only where this is/);
});

test("rows in the order of a date are hinted at, unless they are held out by it", async () => {
  const day = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
  const text = (place: (i: number) => number) =>
    `day,x,y\n${Array.from({ length: 120 }, (_, i) => `${day(place(i))},${(i * 37) % 101}.5,${(i * 29) % 53}.5\n`).join("")}`;
  const hintsOf = async (file: string, options: Partial<PrepareOptions> = {}) => {
    const table = await prepared(file, { target: "y", ...options });
    await table.close();
    return table.findings.filter(({ kind }) => kind === "hint").map(({ text }) => text);
  };
  for (const inOrder of [(i: number) => i, (i: number) => 200 - i, (i: number) => i - (i === 60 ? 40 : 0)])
    expect((await hintsOf(text(inOrder))).join()).toMatch(/^the rows are in its order.*--time-column day/);
  expect(await hintsOf(text((i) => (i * 49) % 120))).toEqual([]);
  expect(await hintsOf(text(() => 3).replace("2020-01-04", "2020-01-05"))).toEqual([]);
  expect(
    await hintsOf(
      text((i) => i),
      { timeColumn: "day" },
    ),
  ).toEqual([]);
  expect(
    await hintsOf(
      text((i) => i),
      { ignore: ["day"] },
    ),
  ).toEqual([]);
});

test("missing numbers are no outliers, whatever evens the others out", async () => {
  const half = (i: number) => (i % 2 === 0 ? "" : `${(5 ** (((i - 1) / 2) % 12) + 100).toFixed(1)}`);
  const lines = Array.from({ length: 300 }, (_, i) => `${half(i)},${(i * 37) % 101}.5\n`).join("");
  const table = await prepared(`x,y\n${lines}`, { target: "y" });
  const gone = await prepared(
    `x,y\n${lines
      .split("\n")
      .filter((line) => !line.startsWith(","))
      .join("\n")}\n`,
    { target: "y" },
  );
  await table.close();
  await gone.close();
  expect(table.recipe.columns[0]?.feature).toMatchObject({ evening: { by: "log" }, indicator: true });
  expect(gone.recipe.columns[0]?.feature).toMatchObject({ evening: { by: "log" }, indicator: false });
  for (const { findings } of [table, gone]) expect(findings.filter(({ text }) => /outlier/.test(text))).toEqual([]);
});

test.each(["yeo-johnson", "log"] as const)(
  "missing numbers are nothing to %s, nor to its z-scores",
  async (scaling) => {
    // The last rows are held out; without the missing ones, the training part has the same numbers.
    const rows = Array.from({ length: 60 }, (_, i) => `${i}.5,${(1.5 ** (i % 12)).toFixed(3)},${i % 7}.5`);
    const held = Array.from({ length: 40 }, (_, i) => `${i + 100}.5,2,${i % 7}.5`);
    const missing = Array.from({ length: 40 }, (_, i) => `${i / 100},,${i % 7}.5`);
    const fitted = async (lines: readonly string[], testSize: number) => {
      const table = await prepared(`t,x,y\n${lines.join("\n")}\n`, {
        target: "y",
        timeColumn: "t",
        ignore: ["t"],
        scaling,
        outliers: "z-score",
        indicators: false,
        testSize,
        validationSize: testSize,
      });
      await table.close();
      return { feature: table.recipe.columns[0]?.feature, rows: table.sizes[0] };
    };
    const [without, withMissing] = [
      await fitted([...rows, ...held], 20 / 100),
      await fitted([...missing, ...rows, ...held], 20 / 140),
    ];
    expect([without.rows, withMissing.rows]).toEqual([60, 100]);
    const near = (feature: object | undefined) =>
      JSON.parse(JSON.stringify(feature), (_, value) =>
        typeof value === "number" ? Number(value.toPrecision(9)) : value,
      );
    expect(near(withMissing.feature)).toEqual(near(without.feature));
  },
);
