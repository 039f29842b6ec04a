import { describe, expect, test } from "vitest";
import { timeSplit, timeWindows } from "../../src/data/index.ts";
import { parseCsv } from "../../src/data/sources/csv.ts";
import fc from "../tools/properties.ts";

/** The rows of windows, as nested lists would have them. */
function rowsOf({ data, shape, rowStride }: ReturnType<typeof timeWindows>["x"]): number[][] {
  const [rows = 0, ...sample] = shape;
  const size = sample.reduce((product, each) => product * each, 1);
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * rowStride, i * rowStride + size)]);
}

describe("timeWindows", () => {
  const series = [
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
    [5, 50],
    [6, 60],
  ];

  test("gives what a model sees and what follows", () => {
    const { x, y } = timeWindows(series, { length: 3, horizon: 2 });
    expect([x.shape, y.shape]).toEqual([
      [2, 3, 2],
      [2, 2, 2],
    ]);
    expect(rowsOf(x)).toEqual([
      [1, 10, 2, 20, 3, 30],
      [2, 20, 3, 30, 4, 40],
    ]);
    expect(rowsOf(y)).toEqual([
      [4, 40, 5, 50],
      [5, 50, 6, 60],
    ]);
  });

  test("forecasts single features, after a gap", () => {
    const { x, y } = timeWindows(series, { length: 2, gap: 1, targets: 1 });
    expect([x.shape, y.shape]).toEqual([
      [3, 2, 2],
      [3, 1],
    ]);
    expect(rowsOf(y)).toEqual([[40], [50], [60]]);
    expect(timeWindows(series, { length: 2, targets: [1, 0] }).y.shape).toEqual([4, 1, 2]);
    expect(rowsOf(timeWindows(series, { length: 4, targets: [1, 0] }).y)).toEqual([
      [50, 5],
      [60, 6],
    ]);
  });

  test("copies nothing", () => {
    const data = Float32Array.from({ length: 100 }, (_, i) => i);
    const { x, y } = timeWindows({ data, shape: [50, 2] }, { length: 10 });
    expect(x.data.buffer).toBe(data.buffer);
    expect(y.data.buffer).toBe(data.buffer);
  });

  test("every window is a piece of the series, and every step is in reach", () => {
    const sizes = fc.record({
      steps: fc.integer({ min: 1, max: 40 }),
      features: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 6 }),
      horizon: fc.integer({ min: 1, max: 4 }),
      gap: fc.integer({ min: 0, max: 3 }),
      stride: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(sizes, ({ steps, features, ...options }) => {
        const { length, horizon, gap, stride } = options;
        fc.pre(steps >= length + gap + horizon);
        const data = Float32Array.from({ length: steps * features }, (_, i) => i);
        const { x, y } = timeWindows({ data, shape: [steps, features] }, options);
        const [seen, next] = [rowsOf(x), rowsOf(y)];
        const piece = (start: number, size: number) => [...data.subarray(start * features, (start + size) * features)];
        expect(next.length).toBe(seen.length);
        seen.forEach((row, i) => {
          expect(row).toEqual(piece(i * stride, length));
          expect(next[i]).toEqual(piece(i * stride + length + gap, horizon));
        });
        expect(seen.length * stride + length + gap + horizon).toBeGreaterThan(steps); // no further window fits
      }),
    );
  });

  test.each<[() => unknown, string]>([
    [() => timeWindows([1, 2, 3], { length: 3 }), "timeWindows got 3 steps. Expected at least 4: 3 seen, 1 forecast."],
    [() => timeWindows([1, 2, 3], { length: 0 }), "timeWindows got length = 0. Expected a whole number of at least 1."],
    [() => timeWindows([1, 2, 3], { length: 1, gap: -1 }), "gap = -1"],
    [
      () => timeWindows([1, 2, 3], { length: 1, targets: 1 }),
      "timeWindows got the target 1. Expected numbers of features, from 0 to 0.",
    ],
    [() => timeWindows([1, Number.NaN, 3], { length: 1 }), "step 1, feature 0 is NaN"],
    [() => timeWindows([[1], [2, 3]] as number[][], { length: 1 }), "row 1 has 2 columns"],
    [() => timeWindows("1 2 3" as never, { length: 1 }), 'got the string "1 2 3"'],
    [() => timeWindows([1, 2], { lenght: 1 } as never), 'did you mean "length"'],
  ])("refuses %#", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("timeSplit", () => {
  const days = Array.from({ length: 10 }, (_, i) => i);
  const parts = (shares: number[], context = 0) => timeSplit(days, shares, { context }).map(({ data }) => [...data]);

  test("cuts in order of time", () => {
    expect(parts([0.6, 0.2, 0.2])).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7],
      [8, 9],
    ]);
  });

  test("begins later parts with what a window needs: their first forecast is of their first own step", () => {
    const [train = [], validation = []] = parts([0.7, 0.3], 3);
    expect(train).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(validation).toEqual([4, 5, 6, 7, 8, 9]);
    const [, later] = timeSplit(days, [0.7, 0.3], { context: 3 });
    expect(rowsOf(timeWindows(later, { length: 3 }).y)[0]).toEqual([7]);
  });

  test.each<[() => unknown, string]>([
    [() => timeSplit(days, [0.5, 0.4]), "timeSplit got the shares"],
    [() => timeSplit(days, [1.5, -0.5]), "positive numbers that add up to 1"],
    [() => timeSplit(days, [0.2, 0.8], { context: 3 }), "2 steps lie before part 1. Expected as many as context, 3."],
    [() => timeSplit([1, 2], [0.1, 0.9]), "part 0 of 2 steps has none"],
  ])("refuses %#", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("parseCsv", () => {
  test("reads numbers, texts, gaps, quotes and empty lines", () => {
    const text = '\uFEFFname,size,zip\r\n"Smith, ""Joe""",1.5,007\nEve,,12\n\n"two\nlines",-2e3,1\n';
    expect(parseCsv(text, "people")).toEqual([
      { name: 'Smith, "Joe"', size: 1.5, zip: "007" },
      { name: "Eve", size: null, zip: "12" },
      { name: "two\nlines", size: -2000, zip: "1" },
    ]);
    expect(parseCsv("a;b\n;1", "short", ";")).toEqual([{ a: null, b: 1 }]);
  });

  test("names a row of another length", () => {
    expect(() => parseCsv("a,b\n1,2\n3", "t")).toThrow("t: row 1 has 1 values. Expected 2, as its first line has.");
  });
});
