import { describe, expect, test } from "vitest";
import { minMaxScaler, robustScaler, scalerFromJSON, standardScaler } from "../../src/data/index.ts";
import { tensor } from "../../src/tensor/index.ts";
import fc from "../tools/properties.ts";
import { expectClose, expectTensor, flat } from "./close.ts";
import { golden } from "./golden.ts";

const factories = { standardScaler, minMaxScaler, robustScaler };
const kinds = Object.entries(factories);

describe("scalers agree with scikit-learn", () => {
  test.each(golden.scalers.map((each) => [each.kind, each.options, each.table, each] as const))(
    "%s(%j) on %s",
    async (kind, options, name, expected) => {
      const table = golden.tables[name] ?? [];
      const scaler = await factories[kind](options).fit(table);
      for (const [statistic, values] of Object.entries(expected.learned)) {
        expectClose(scaler.statistics[statistic] ?? [], values, 1e-12);
      }
      await expectTensor(scaler.transform(table), expected.train, 1e-6);
      await expectTensor(scaler.transform(expected.new), expected.newScaled, 1e-6);
    },
  );
});

describe.each(kinds)("%s", (_, factory) => {
  const cell = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8);
  const table = fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );

  test("inverseTransform undoes transform", async () => {
    await fc.assert(
      fc.asyncProperty(table, async (x) => {
        const scaler = factory();
        const scaled = await scaler.fitTransform(x);
        const rows = (await scaled.array()) as number[][];
        expectClose(await scaler.inverseTransform(rows).data(), flat(x), 1e-4);
        expectClose(await scaler.inverseTransform(scaled).data(), flat(x), 1e-4);
      }),
      { numRuns: 40 },
    );
  });

  test("gives finite numbers for any table, and the same after JSON", async () => {
    await fc.assert(
      fc.asyncProperty(table, async (x) => {
        const scaler = await factory().fit(x);
        const values = await scaler.transform(x).data();
        expect([...values].every(Number.isFinite)).toBe(true);
        const again = scalerFromJSON(JSON.parse(JSON.stringify(scaler)));
        expect(await again.transform(x).data()).toEqual(values);
        expect(JSON.stringify(again)).toBe(JSON.stringify(scaler));
      }),
      { numRuns: 40 },
    );
  });

  test("reads nested arrays, typed rows, flat numbers and tensors alike", async () => {
    const nested = [
      [1, 20],
      [2, 10],
      [6, 40],
    ];
    const expected = await (await factory().fitTransform(nested)).data();
    const forms = [
      nested.map((row) => Float32Array.from(row)),
      { data: Int32Array.from(nested.flat()), shape: [3, 2] },
      tensor(nested),
      tensor(Int32Array.from(nested.flat()), { shape: [3, 2] }),
    ];
    for (const form of forms) expectClose(await (await factory().fitTransform(form)).data(), expected, 1e-6);
  });

  test("leaves missing values out and keeps them missing", async () => {
    const scaler = await factory().fit([[1], [null], [3], [Number.NaN], [2]]);
    expect(scaler.statistics).toEqual((await factory().fit([[1], [3], [2]])).statistics);
    expect(Number.isNaN((await scaler.transform([[null]]).data())[0])).toBe(true);
  });

  test("is not fitted before fit", () => {
    expect(() => factory().transform([[1]])).toThrow(/transform was called before fit.*Fix/);
    expect(() => factory().toJSON()).toThrow(/before fit/);
  });

  test("refuses other columns than it was fitted on", async () => {
    const scaler = await factory().fit([
      [1, 2],
      [3, 4],
    ]);
    expect(() => scaler.transform([[1, 2, 3]])).toThrow(/was given 3 columns. Expected 2/);
    expect(() => scaler.transform(tensor([[1, 2, 3]]))).toThrow(/was given 3 columns. Expected 2/);
    expect(() => scaler.inverseTransform(tensor([1, 2]))).toThrow(/rank 1/);
  });
});

describe("scalers refuse", () => {
  const row = (cells: unknown[]) => cells as number[];
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "strings, by place",
      () => standardScaler().fit([[1, 2], row([3, "cat"])]),
      /row 1, column 1 holds the string "cat"/,
    ],
    [
      "numeric strings too",
      () => minMaxScaler().fit([row(["1"])]),
      /row 0, column 0 holds the string "1".*oneHotEncoder/,
    ],
    [
      "infinite values",
      () =>
        robustScaler().fit([
          [1, 2],
          [Number.NEGATIVE_INFINITY, 2],
        ]),
      /row 1, column 0 holds -Infinity/,
    ],
    ["an empty table", () => standardScaler().fit([]), /empty table/],
    ["no columns", () => standardScaler().fit([[]]), /empty table/],
    ["rows of unequal length", () => standardScaler().fit([[1, 2], [3]]), /row 1 has 1 columns. Expected 2/],
    [
      "a column of missing values",
      () =>
        standardScaler().fit([
          [1, null],
          [2, null],
        ]),
      /column 1 has no value at all/,
    ],
    ["one dimension", () => standardScaler().fit(row([1, 2, 3]) as never), /3 single values.*reshape\(\[-1, 1\]\)/],
    ["a vector", () => standardScaler().fit(tensor([1, 2, 3])), /vector of 3 values.*reshape/],
    ["images", () => standardScaler().fit({ data: new Float32Array(8), shape: [2, 2, 2] }), /shape \[2, 2, 2\]/],
    [
      "numbers that do not fill the shape",
      () => standardScaler().fit({ data: new Float32Array(5), shape: [2, 3] }),
      /5 numbers for shape/,
    ],
  ])("%s", async (_, attempt, message) => {
    await expect(attempt()).rejects.toThrow(message);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["unknown options", () => standardScaler({ withMeen: true } as never), /"withMeen".*did you mean "withMean"/],
    ["an upside-down range", () => minMaxScaler({ featureRange: [1, 0] }), /featureRange is \[1, 0\]/],
    ["quantiles outside 0 to 100", () => robustScaler({ quantileRange: [25, 175] }), /quantileRange is \[25, 175\]/],
  ])("%s", (_, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});

describe("scalerFromJSON refuses", () => {
  const good = { kind: "standardScaler", options: {}, statistics: { mean: [1], variance: [4], scale: [2] } };
  test("nothing that is whole", async () => {
    await expectTensor(scalerFromJSON(good).transform([[5]]), [[2]]);
  });
  test.each<[string, unknown, RegExp]>([
    ["text", "standardScaler", /a scaler is the string/],
    ["nothing", null, /a scaler is null/],
    [
      "an unknown kind",
      { ...good, kind: "standartScaler" },
      /unknown scaler "standartScaler".*did you mean "standardScaler"/,
    ],
    ["a kind from Object.prototype", { ...good, kind: "constructor" }, /unknown scaler "constructor"/],
    ["unknown options", { ...good, options: { clip: true } }, /"clip"/],
    ["missing statistics", { ...good, statistics: { mean: [1], variance: [1] } }, /scale is undefined/],
    [
      "null for a number",
      { ...good, statistics: { ...good.statistics, mean: [null] } },
      /mean holds null for column 0/,
    ],
    [
      "unequal counts",
      { ...good, statistics: { ...good.statistics, mean: [1, 2] } },
      /variance has 1 numbers. Expected 2/,
    ],
    ["a divisor of zero", { ...good, statistics: { ...good.statistics, scale: [0] } }, /scale holds 0/],
  ])("%s", (_, json, message) => {
    expect(() => scalerFromJSON(json)).toThrow(message);
  });
});
