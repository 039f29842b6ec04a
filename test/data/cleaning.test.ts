import { describe, expect, test } from "vitest";
import { cleanDuplicates, cleanMissing, cleanOutliers, selectRows } from "../../src/data/index.ts";
import { Tensor, tensor } from "../../src/tensor/index.ts";
import fc from "../tools/properties.ts";
import { expectClose, flat } from "./close.ts";
import { golden } from "./golden.ts";

const { NaN: nan } = Number;

describe("cleanMissing", () => {
  test.each(golden.missing.map((each) => [each.strategy, each.indicator, each] as const))(
    "agrees with scikit-learn: %s, indicator %s",
    async (strategy, indicator, expected) => {
      const fillValue = strategy === "constant" ? { fillValue: -1 } : {};
      const { data, report } = await cleanMissing(expected.x, { strategy, indicator, ...fillValue });
      expectClose(flat(data), flat(expected.filled), 1e-12);
      expectClose(report.fill, expected.fill, 1e-12);
    },
  );

  test("drops rows and says which remain, so that labels can follow", async () => {
    const { data, report } = await cleanMissing(
      [
        [1, 2],
        [null, 3],
        [4, nan],
        [5, 6],
      ],
      { strategy: "drop" },
    );
    expect(data).toEqual([
      [1, 2],
      [5, 6],
    ]);
    expect(report.missing).toEqual([1, 1]);
    expect(selectRows(["a", "b", "c", "d"], report.kept)).toEqual(["a", "d"]);
    expect(report.summary).toBe("2 missing values: dropped 2 rows of 4.");
  });

  test("fills new data as the training data were", async () => {
    const { report } = await cleanMissing(
      [
        [1, 10],
        [3, null],
      ],
      { strategy: "mean" },
    );
    const { data } = await cleanMissing([[null, null]], { strategy: "constant", fillValue: report.fill });
    expect(data).toEqual([[2, 10]]);
  });

  test("gives back the kind of thing it was given", async () => {
    const dense = await cleanMissing({ data: Float32Array.of(1, nan), shape: [2, 1] });
    expect(dense.data).toEqual({ data: Float64Array.of(1, 1), shape: [2, 1] });
    const lazy = await cleanMissing(tensor([[1], [nan]]));
    expect(lazy.data).toBeInstanceOf(Tensor);
    expect(await lazy.data.array()).toEqual([[1], [1]]);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["strings", () => cleanMissing([[1], ["?" as never]]), /row 1, column 0 holds the string "\?"/],
    [
      "a column without values",
      () => cleanMissing([[1, null]], { strategy: "median" }),
      /column 1 has no value at all.*median/,
    ],
    ["to drop everything", () => cleanMissing([[1, null]], { strategy: "drop" }), /every row has a missing value/],
    ["unknown strategies", () => cleanMissing([[1]], { strategy: "meen" as never }), /"meen".*did you mean "mean"/],
    [
      "fill values of another count",
      () => cleanMissing([[1, null]], { strategy: "constant", fillValue: [1] }),
      /has 1 numbers/,
    ],
    ["missing fill values", () => cleanMissing([[1]], { strategy: "constant", fillValue: nan }), /fillValue is NaN/],
  ])("refuses %s", async (_, attempt, message) => {
    await expect(attempt()).rejects.toThrow(message);
  });

  test("leaves nothing missing, and what was there unchanged", async () => {
    const table = fc.array(fc.tuple(fc.option(fc.integer()), fc.option(fc.integer())), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom("mean", "median", "mode"), async (x, strategy) => {
        fc.pre(x.some((row) => row[0] !== null) && x.some((row) => row[1] !== null));
        const { data } = await cleanMissing(x, { strategy });
        data.forEach((row, r) => {
          row.forEach((value, c) => {
            expect(Number.isFinite(value)).toBe(true);
            if (x[r]?.[c] !== null) expect(value).toBe(x[r]?.[c]);
          });
        });
      }),
    );
  });
});

describe("cleanDuplicates", () => {
  const x = [
    [1, 2],
    [3, nan],
    [1, 2],
    [3, null],
    [1, 5],
  ];

  test.each([
    ["first", [0, 1, 4]],
    ["last", [2, 3, 4]],
    ["none", [4]],
  ] as const)("keeps the %s of equal rows", async (keep, kept) => {
    const { data, report } = await cleanDuplicates(x, { keep });
    expect([...report.kept]).toEqual(kept);
    expect(report.groups).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(report.dropped).toBe(x.length - kept.length);
    expect(data.length).toBe(kept.length);
  });

  test("can look at some columns only", async () => {
    const { data } = await cleanDuplicates(x, { columns: [0] });
    expect(data).toEqual([
      [1, 2],
      [3, nan],
    ]);
    await expect(cleanDuplicates(x, { columns: [2] })).rejects.toThrow(/names column 2. Expected columns from 0 to 1/);
  });

  test("counts 0 and -0 as equal, and near numbers as different", async () => {
    expect((await cleanDuplicates([[0], [-0], [1], [1 + 2 ** -52]])).data.length).toBe(3);
  });

  test("refuses to leave nothing, and odd options", async () => {
    await expect(cleanDuplicates([[1], [1]], { keep: "none" })).rejects.toThrow(/leave no row/);
    await expect(cleanDuplicates([[1]], { keep: "all" as never })).rejects.toThrow(/keep is "all"/);
  });
});

describe("cleanOutliers", () => {
  const column = golden.outliers.x.map((value) => [value]);

  test("finds Tukey's fences as NumPy's percentiles give them", async () => {
    const { report } = await cleanOutliers(column, { action: "mark" });
    expectClose(
      [...report.bounds.lower, ...report.bounds.upper],
      [golden.outliers.iqr.lower, golden.outliers.iqr.upper],
      1e-12,
    );
    const outside = golden.outliers.x.map((v) => v < golden.outliers.iqr.lower || v > golden.outliers.iqr.upper);
    expect([...report.mask]).toEqual(outside.map(Number));
  });

  test("finds what SciPy's zscore puts beyond 3", async () => {
    const { report } = await cleanOutliers(column, { method: "zScore", action: "mark" });
    expect([...report.mask]).toEqual(golden.outliers.zScore.map(Number));
    expect(report.outliers).toEqual([golden.outliers.zScore.filter(Boolean).length]);
  });

  const x = [
    [1, 0],
    [2, 0],
    [3, 0],
    [2, null],
    [100, 0],
  ];
  test.each([
    [
      "drop",
      [
        [1, 0],
        [2, 0],
        [3, 0],
        [2, nan],
      ],
      [0, 1, 2, 3],
      "1 outlier: dropped 1 row of 5.",
    ],
    [
      "clip",
      [
        [1, 0],
        [2, 0],
        [3, 0],
        [2, nan],
        [4.5, 0],
      ],
      [0, 1, 2, 3, 4],
      "1 outlier: clipped.",
    ],
    [
      "mark",
      [
        [1, 0],
        [2, 0],
        [3, 0],
        [2, nan],
        [100, 0],
      ],
      [0, 1, 2, 3, 4],
      "1 outlier: left as they are.",
    ],
  ] as const)("can %s them", async (action, expected, kept, summary) => {
    const { data, report } = await cleanOutliers(x, { action });
    expect(data).toEqual(expected);
    expect([...report.kept]).toEqual(kept);
    expect([...report.mask]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    expect(report.summary).toBe(summary);
  });

  test("looks only at the chosen columns, or uses given bounds", async () => {
    expect((await cleanOutliers(x, { columns: [1] })).data.length).toBe(5);
    const bounds = { lower: [1.5, -1], upper: [10, 1] };
    expect((await cleanOutliers(x, { bounds, action: "clip" })).data).toEqual([
      [1.5, 0],
      [2, 0],
      [3, 0],
      [2, nan],
      [10, 0],
    ]);
    await expect(cleanOutliers(x, { bounds: { lower: [0], upper: [1] } })).rejects.toThrow(/bounds do not fit/);
  });

  test("refuses odd options", async () => {
    await expect(cleanOutliers(x, { method: "zscore" as never })).rejects.toThrow(/method is "zscore"/);
    await expect(cleanOutliers(x, { action: "remove" as never })).rejects.toThrow(/action is "remove"/);
    await expect(cleanOutliers(x, { threshold: 0 })).rejects.toThrow(/threshold is 0/);
  });

  test("clipping moves nothing that is inside, and leaves nothing outside", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 }), async (values) => {
        const { data, report } = await cleanOutliers(
          values.map((v) => [v]),
          { action: "clip" },
        );
        const [lower, upper] = [report.bounds.lower[0] ?? 0, report.bounds.upper[0] ?? 0];
        data.flat().forEach((value, i) => {
          expect(value).toBe(Math.min(Math.max(values[i] ?? 0, lower), upper));
        });
      }),
    );
  });
});
