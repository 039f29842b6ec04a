import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  encodeRows,
  type PreparedTable,
  type PrepareOptions,
  prepareTable,
  SCALINGS,
} from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-ways-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Golden {
  readonly rows: readonly (readonly [number, number, number | null])[];
  readonly fresh: readonly (readonly number[])[];
  readonly scaled: Readonly<Record<string, { readonly train: number[][]; readonly fresh: number[][] }>>;
  readonly filled: readonly number[];
}
const golden = JSON.parse(readFileSync(new URL("../golden/tabular/tabular.json", import.meta.url), "utf8")) as Golden;

let files = 0;
async function prepared(text: string, options: PrepareOptions): Promise<PreparedTable> {
  const path = join(folder, `ways-${++files}.csv`);
  writeFileSync(path, text);
  return prepareTable(path, { keepDuplicates: true, ...options });
}

/** The golden rows are the training part: by time, and rows of nothing new behind them. */
const LINES = [...golden.rows, ...Array.from({ length: 32 }, () => golden.rows[0] as Golden["rows"][number])];
const TABLE = `t,a,b,c,y\n${LINES.map(([a, b, c], i) => `${i}.5,${a},${b},${c ?? ""},${i % 7}.5\n`).join("")}`;
const AS_GOLDEN = { target: "y", timeColumn: "t", ignore: ["t"], testSize: 17 / 92, validationSize: 15 / 92 };

const numbersOf = (x: Record<string, unknown>) => x["numbers"] as { data: Float32Array; shape: [number, number] };

describe("numbers agree with scikit-learn", () => {
  test.each(SCALINGS.filter((way) => way !== "log"))("%s", async (scaling) => {
    const table = await prepared(TABLE, { ...AS_GOLDEN, ignore: ["t", "c"], scaling, outliers: "keep" });
    const { x } = await table.part("train");
    await table.close();
    const { train, fresh } = golden.scaled[scaling] as Golden["scaled"][string];
    expect(table.sizes[0]).toBe(60);
    const { data, shape } = numbersOf(x);
    expect(shape).toEqual([60, 2]);
    const tolerance = scaling === "yeo-johnson" ? 4 : 5;
    train.flat().forEach((value, i) => expect(data[i]).toBeCloseTo(value, tolerance));
    const columns = [0, 1].map((k) => ({
      data: Float64Array.from(golden.fresh, (row) => row[k] as number),
      shape: [4],
    }));
    const own = numbersOf(encodeRows(table.recipe, { x0: columns[0] as never, x1: columns[1] as never })).data;
    fresh.flat().forEach((value, i) => {
      expect(Math.abs((own[i] as number) - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
    });
  });

  test("log is log(1 + x), standardized, and refuses negative numbers", async () => {
    const table = await prepared(TABLE, {
      ...AS_GOLDEN,
      ignore: ["t", "b", "c"],
      scaling: { a: "log" },
      outliers: "keep",
    });
    const { data } = numbersOf((await table.part("train")).x);
    await table.close();
    const logs = golden.rows.map(([a]) => Math.log1p(a));
    const mean = logs.reduce((sum, log) => sum + log, 0) / 60;
    const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / 60);
    logs.forEach((log, i) => expect(data[i]).toBeCloseTo((log - mean) / deviation, 5));
    await expect(prepared(TABLE, { ...AS_GOLDEN, scaling: { b: "log" } })).rejects.toThrow(/log of b.*down to -/);
  });

  test("a missing number is what a ridge regression on the others tells", async () => {
    const options = { ...AS_GOLDEN, scaling: "standard", outliers: "keep", indicators: false } as const;
    const table = await prepared(TABLE, { ...options, fill: { c: "model" } });
    const { x } = await table.part("train");
    await table.close();
    const { feature } = table.recipe.columns[2] as (typeof table.recipe.columns)[number];
    if (feature.kind !== "number") throw new Error("c is a number");
    const { data, shape } = numbersOf(x);
    expect(shape).toEqual([60, 3]);
    const missing = golden.rows.flatMap(([, , c], i) => (c === null ? [i] : []));
    const told = missing.map((row) => (data[3 * row + 2] as number) * feature.scale + feature.center);
    expect(told).toHaveLength(golden.filled.length);
    golden.filled.forEach((value, i) => expect(told[i]).toBeCloseTo(value, 3));
    const again = JSON.parse(JSON.stringify(table.recipe));
    expect(again).toEqual(table.recipe);
  });
});

test("outliers are drawn to 3 deviations, or kept", async () => {
  const text = `a,y\n${Array.from({ length: 100 }, (_, i) => `${i === 0 ? 5000 : (i * 37) % 100}.5,${i % 9}.5\n`).join("")}`;
  const options = { target: "y", timeColumn: "y", scaling: "min-max" } as const;
  const [cut, kept] = [
    await prepared(text, { ...options, outliers: "z-score" }),
    await prepared(text, { ...options, outliers: "keep" }),
  ];
  const values = numbersOf((await cut.part("train")).x).data;
  const all = numbersOf((await kept.part("train")).x).data;
  await cut.close();
  await kept.close();
  const feature = cut.recipe.columns[0]?.feature;
  expect(cut.findings.map(({ text }) => text)).toContain("1 outlier (beyond 3 deviations), drawn to the fence");
  expect(Math.max(...values)).toBe(1);
  expect(feature?.kind === "number" && feature.high).toBeLessThan(3000);
  expect([...all].filter((value) => value > 0.05)).toEqual([1]);
});

describe("words", () => {
  const cities = Array.from({ length: 40 }, (_, i) => `city${i}`);
  const rows = Array.from({ length: 400 }, (_, i) => ({
    city: i % 50 === 3 ? "" : (cities[(i * i * 7) % 40] as string),
    size: ["M", "S", "L"][i % 3] as string,
    y: ((i * 31) % 17) + ((i * i * 7) % 40),
  }));
  const text = `city,size,y\n${rows.map(({ city, size, y }) => `${city},${size},${y}.5\n`).join("")}`;

  test("as means of the target tell nothing of their own row", async () => {
    const table = await prepared(text, { target: "y", encoding: { city: "target" } });
    const feature = table.recipe.columns[0]?.feature;
    if (feature?.kind !== "target") throw new Error("city is encoded by the target");
    const [train, held] = [await table.part("train"), await table.part("test")];
    await table.close();
    const value = (part: typeof train, i: number) => {
      const { data, shape } = numbersOf(part.x);
      return (data[i * shape[1]] as number) * (feature.scale[0] as number) + (feature.center[0] as number);
    };
    const wordOf = (row: number) => rows[row - 1]?.city as string;
    const mean = train.y.reduce((sum, y) => sum + y, 0) / train.y.length;
    const own = (word: string, without: (i: number) => boolean = () => false) => {
      const ys = [...train.y].filter((_, i) => wordOf(train.rows[i] as number) === word && !without(i));
      return [ys.reduce((sum, y) => sum + y, 0), ys.length] as const;
    };
    expect(feature.prior[0]).toBeCloseTo(mean, 6);
    held.rows.forEach((row, i) => {
      const [sum, n] = own(wordOf(row));
      expect(value(held, i)).toBeCloseTo(n === 0 ? mean : (sum + 10 * mean) / (n + 10), 3);
    });
    // Rows of a fold see the sums of the others: within a word, at most five different values, none of which is that of all its rows.
    for (const word of cities.slice(0, 8)) {
      const places = [...train.rows.keys()].filter((i) => wordOf(train.rows[i] as number) === word);
      const seen = new Set(places.map((i) => value(train, i).toFixed(3)));
      expect(seen.size).toBeLessThanOrEqual(5);
      const [sum, n] = own(word);
      if (n > 0) expect(seen.has(((sum + 10 * mean) / (n + 10)).toFixed(3))).toBe(false);
    }
    const fresh = encodeRows(table.recipe, { x0: ["Nowhere"], x1: ["S"] });
    const unknown = (numbersOf(fresh).data[0] as number) * (feature.scale[0] as number) + (feature.center[0] as number);
    expect(unknown).toBeCloseTo(mean, 3);
  });

  test("of classes and labels have a mean for each", async () => {
    for (const [y, width] of [
      ["a", 3],
      ["p", 1],
    ] as const) {
      const classes = y === "a" ? ["a", "b", "c"] : ["p", "q"];
      const lines = rows.map(({ city }, i) => `${city},${classes[i % classes.length]}\n`).join("");
      const table = await prepared(`city,y\n${lines}`, { target: "y", encoding: "target" });
      const { x } = await table.part("train");
      await table.close();
      expect(numbersOf(x).shape[1]).toBe(width);
    }
  });

  test("as places in an order, by hashes, and each by itself", async () => {
    const ordered = await prepared(text, { target: "y", encoding: { city: "hashing", size: ["S", "M", "L"] } });
    const [city, size] = ordered.recipe.columns.map(({ feature }) => feature);
    const { x, rows: numbers } = await ordered.part("test");
    await ordered.close();
    expect(city).toEqual({ kind: "hash", bins: 32, dimension: 0 });
    const { data } = numbersOf(x);
    if (size?.kind !== "order") throw new Error("size is an order");
    numbers.forEach((row, i) => {
      const place = ["S", "M", "L"].indexOf(rows[row - 1]?.size as string);
      expect(data[i]).toBeCloseTo((place - size.center) / size.scale, 5);
    });
    const plain = await prepared(text, { target: "y", encoding: "one-hot" });
    await plain.close();
    expect(plain.recipe.columns[0]?.feature).toMatchObject({ kind: "category", dimension: 0 });
  });
});

test.each([
  [{ scaling: "standart" }, /standart/],
  [{ scaling: { size: "robust" } }, /scaling of size, which is categorical/],
  [{ encoding: { y: "target" } }, /encoding of y, which is numeric/],
  [{ fill: { sise: "mode" } }, /no column "sise".*did you mean "size"/],
  [{ outliers: "cut" }, /cut/],
] as const)("%j is refused", async (options, message) => {
  const text = `size,y\n${Array.from({ length: 60 }, (_, i) => `${["S", "M"][i % 2]},${i % 13}.5\n`).join("")}`;
  await expect(prepared(text, { target: "y", ...(options as object) })).rejects.toThrow(message);
});
