import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type PreparedTable, type PrepareOptions, prepareTable } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-tabular-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text: string, ending = "csv"): string {
  const path = join(folder, `table-${++files}.${ending}`);
  writeFileSync(path, text);
  return path;
}

async function prepared<T>(
  text: string,
  options: PrepareOptions,
  use: (table: PreparedTable) => T | Promise<T>,
): Promise<T> {
  const table = await prepareTable(file(text), options);
  try {
    return await use(table);
  } finally {
    await table.close();
  }
}

const rows = (n: number, row: (i: number) => string) => Array.from({ length: n }, (_, i) => `${row(i)}\n`).join("");

/** Columns of every type, each with something wrong in it. */
const MIXED = `id,area,price,city,when,sold,grade,note,unit,y
${rows(60, (i) =>
  [
    1000 + i,
    i === 7 ? "many" : i === 9 ? "?" : 20 + ((i * 37) % 61) + 0.5,
    `"$${1 + (i % 9)},${100 + i}.00"`,
    i % 5 === 0 ? "NA" : ["Rome", "Oslo", "Bern"][i % 3],
    i === 3 ? "2024-02-30" : `2024-0${1 + (i % 9)}-1${i % 10}`,
    i % 2 ? "yes" : "No",
    1 + (i % 4),
    `a note of words ${i}`,
    "m2",
    i * 1.5,
  ].join(","),
)}`;

describe("columns", () => {
  test("are what their values say", () =>
    prepared(MIXED, { target: "y" }, ({ profiles, recipe, findings, sizes }) => {
      expect(Object.fromEntries(profiles.map(({ name, type }) => [name, type]))).toEqual({
        id: "identifier",
        area: "numeric",
        price: "numeric",
        city: "categorical",
        when: "date",
        sold: "boolean",
        grade: "ordinal",
        note: "text",
        unit: "constant",
        y: "numeric",
      });
      expect(profiles[1]).toMatchObject({ missing: 1, misfits: 1 });
      expect(profiles[2]?.reading).toEqual({ as: "amount" });
      expect(profiles[4]).toMatchObject({ misfits: 1, reading: { as: "date", format: "%Y-%m-%d" } });
      expect(recipe.columns.map(({ name }) => name)).toEqual([
        "area",
        "price",
        "city",
        "when",
        "sold",
        "grade",
        "note",
      ]);
      expect(recipe.target).toMatchObject({ task: "regression", classes: [] });
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(60);
      const texts = findings.map(({ column, text }) => `${column}: ${text}`).join("\n");
      for (const said of [
        /area: 1 value is no number.*"many"/,
        /when: .*no possible date.*2024-02-30/,
        /id: identifier/,
        /unit: constant/,
      ])
        expect(texts).toMatch(said);
    }));

  test("take the types that are asked for", () =>
    prepared(
      MIXED,
      { target: "y", types: { grade: "categorical", note: "categorical" }, ignore: ["city"] },
      ({ recipe }) => {
        expect(recipe.columns.find(({ name }) => name === "grade")?.feature).toMatchObject({ kind: "category" });
        expect(recipe.columns.some(({ name }) => name === "city")).toBe(false);
      },
    ));

  test("are named by number in files without names", async () => {
    const text = rows(40, (i) => `${i % 7}.5,${i % 2 ? "A1" : "A2"},${i % 3}`);
    for (const target of [-1, 3, "column3"]) {
      await prepared(text, { target, header: false, keepDuplicates: true }, ({ recipe }) => {
        expect(recipe.target).toMatchObject({ name: "column3", task: "multi-class", classes: ["0", "1", "2"] });
      });
    }
  });
});

test.each([
  ["2024-03-10T%H:30:00+02:00", "%Y-%m-%dT%H:%M:%S%z"],
  ["2024-03-10 %H:30:00.250-0530", "%Y-%m-%d %H:%M:%S.%f%z"],
  ["2024-03-10T%H:30:00Z", "%Y-%m-%dT%H:%M:%SZ"],
  ["03/10/2024 %H:30:00", "%m/%d/%Y %H:%M:%S"],
])("%s is a date, its hours those of the place", (text, format) => {
  const at = (i: number) => text.replace("%H", String(i % 24).padStart(2, "0"));
  return prepared(`when,y\n${rows(48, (i) => `${at(i)},${i}`)}`, { target: "y" }, async (table) => {
    expect(table.profiles[0]).toMatchObject({ type: "date", misfits: 0, reading: { as: "date", format } });
    const [row] = await table.raw([8]);
    expect(new Date(row?.["when"] as string | number).getUTCHours()).toBe(7);
  });
});

describe("tasks", () => {
  const column = (value: (i: number) => unknown) => `x,y\n${rows(60, (i) => `${i * 1.5},${value(i)}`)}`;
  test.each([
    ["numbers", (i: number) => i * 0.7, "regression", []],
    ["two words", (i: number) => (i % 3 ? "good" : "bad"), "binary", ["bad", "good"]],
    ["yes and no", (i: number) => (i % 3 ? "no" : "Yes"), "binary", ["no", "yes"]],
    ["two numbers", (i: number) => (i % 3 ? 10 : 9), "binary", ["9", "10"]],
    ["a few whole numbers", (i: number) => i % 5, "multi-class", ["0", "1", "2", "3", "4"]],
    ["more whole numbers", (i: number) => i % 6, "regression", []],
    ["words", (i: number) => ["a", "b", "c"][i % 3], "multi-class", ["a", "b", "c"]],
  ] as const)("%s", (_, value, task, classes) =>
    prepared(column(value), { target: "y" }, async (table) => {
      expect(table.recipe.target).toMatchObject({ task, classes });
      const { y } = await table.part("train");
      expect(y.every((label) => Number.isFinite(label))).toBe(true);
    }),
  );

  test("whole numbers are classes where their column is called so; else a hint says how", async () => {
    const digits = (name: string) => `x,${name}\n${rows(60, (i) => `${i * 1.5},${i % 10}`)}`;
    for (const name of ["label", "Class", "item_category"]) {
      await prepared(digits(name), { target: name }, async ({ recipe, findings }) => {
        expect(recipe.target.task).toBe("multi-class");
        expect(findings.filter(({ kind }) => kind === "hint")).toEqual([]);
      });
    }
    await prepared(digits("subclass"), { target: "subclass" }, async ({ recipe, findings }) => {
      expect(recipe.target.task).toBe("regression");
      expect(findings).toContainEqual(expect.objectContaining({ kind: "hint", column: "subclass" }));
    });
    await prepared(digits("y"), { target: "y", task: "regression" }, async ({ findings }) => {
      expect(findings.filter(({ kind }) => kind === "hint")).toEqual([]);
    });
  });

  test.each([
    ["yy", column((i) => i), /has no column "yy".*one of x, y.*did you mean/],
    ["y", column(() => 1), /the target "y" has the same value in every row/],
    ["y", column(() => ""), /the target "y" has no values/],
    ["y", column((i) => `2024-01-0${1 + (i % 9)}`), /holds dates/],
    ["y", column((i) => `word${i}`), /60 different values in 60 rows/],
  ])("%s of what can't be predicted", async (target, text, message) => {
    await expect(prepareTable(file(text), { target })).rejects.toThrow(message);
  });
});

describe("parts", () => {
  const text = `x,y\n${rows(200, (i) => `${i},${i % 10 === 0 ? "rare" : "common"}`)}`;
  const all = async (table: PreparedTable) =>
    [await table.part("train"), await table.part("validation"), await table.part("test")] as const;

  test("share no row, hold the classes' proportions, and are the same for a seed", async () => {
    const parts = await prepared(text, { target: "y", types: { x: "numeric" } }, all);
    expect(parts.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    expect(parts.map(({ y }) => y.filter((label) => label === 1).length)).toEqual([13, 3, 4]);
    const again = await prepared(text, { target: "y", types: { x: "numeric" } }, all);
    expect(again.map(({ rows }) => [...rows])).toEqual(parts.map(({ rows }) => [...rows]));
    const other = await prepared(text, { target: "y", types: { x: "numeric" }, seed: 1 }, all);
    expect([...other[2].rows]).not.toEqual([...parts[2].rows]);
  });

  test("follow the time where a column tells it", () =>
    prepared(
      `t,y\n${rows(100, (i) => `2024-01-${String(31 - (i % 30)).padStart(2, "0")},${i}.5`)}`,
      { target: "y", timeColumn: "t" },
      async (table) => {
        const [train, validation, test] = await all(table);
        const days = (part: typeof train) => [...part.rows].map((row) => 31 - ((row - 1) % 30));
        expect(Math.max(...days(train))).toBeLessThanOrEqual(Math.min(...days(validation)));
        expect(Math.max(...days(validation))).toBeLessThanOrEqual(Math.min(...days(test)));
      },
    ));

  test("have no copies", () =>
    prepared(
      `x,y\n${rows(50, (i) => `${i}.5,${i}.25`)}${rows(10, (i) => `${i}.5,${i}.25`)}`,
      { target: "y" },
      ({ sizes, findings }) => {
        expect(sizes.reduce((sum, size) => sum + size)).toBe(50);
        expect(findings).toContainEqual({ kind: "cleaned", text: "10 rows that are copies of others are left out" });
      },
    ));

  test("are scaled by the training part alone", () =>
    prepared(`x,y\n${rows(100, (i) => `${i}.5,${i}.25`)}`, { target: "y", timeColumn: "x" }, async (table) => {
      const { x } = await table.part("train");
      const { data } = x["numbers"] as { data: Float32Array };
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
      expect(data).toHaveLength(table.sizes[0]);
      expect(mean).toBeCloseTo(0, 5);
      expect(deviation).toBeCloseTo(1, 5);
    }));
});

test("warns of columns that give the target away", () =>
  prepared(
    `copy,code,honest,y\n${rows(120, (i) => `${(i % 40) * 2 + 1}.5,${["a", "b"][i % 2]},${(i * 7) % 11}.5,${i % 40}.25`)}`,
    { target: "y", keepDuplicates: true },
    ({ findings }) => {
      const warned = findings.filter(({ kind, column }) => kind === "warning" && column).map(({ column }) => column);
      expect(warned).toEqual(["copy"]);
    },
  ));
