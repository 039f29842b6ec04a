import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCell,
  formatMetric,
  formatNumber,
  formatSeconds,
  metricTitle,
} from "../../src/cli/format.ts";
import { linearScale, logScale, valueScale } from "../../src/cli/report/ticks.ts";
import { answersOf, taskOf } from "../../src/cli/training/task.ts";
import fc from "../tools/properties.ts";

const dense = (rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 0],
});
const flat = (values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] });

describe("taskOf", () => {
  test.each<[string, { data: Float32Array; shape: number[] }, number[], number[] | undefined]>([
    ["class numbers", flat([0, 2, 1]), [3], [0, 2, 1]],
    ["one-hot rows", dense([[0, 1], [1, 0]]), [2], [1, 0]], // biome-ignore format: one case a line
    ["zeros and ones for one output", dense([[1], [0]]), [1], [1, 0]], // biome-ignore format: one case a line
    ["numbers for one output", flat([0, 1, 2]), [1], undefined],
    ["shares of several outputs", dense([[0.5, 0.5]]), [2], undefined],
    ["class numbers out of range", flat([0, 3]), [3], undefined],
    ["rows with two ones", dense([[1, 1]]), [2], undefined],
    ["rows without a one", dense([[0, 0]]), [2], undefined],
  ])("%s", (_, y, outputShape, labels) => {
    const task = taskOf(y, outputShape);
    expect(task.kind === "classes" ? [...task.labels] : undefined).toEqual(labels);
  });
});

describe("answersOf", () => {
  test("probabilities are taken as they are, other scores as logits", () => {
    const { classes, probabilities } = answersOf([0.2, 0.8, 1000, 1001], 2);
    expect([...classes]).toEqual([1, 1]);
    expect(probabilities[0]).toBeCloseTo(0.8);
    expect(probabilities[1]).toBeCloseTo(Math.E / (1 + Math.E));
  });

  test("one output is yes from one half on", () => {
    expect([...answersOf([0.5, 0.1, 1.2], 3).classes]).toEqual([1, 0, 1]);
    expect(answersOf([0.1], 1).probabilities[0]).toBeCloseTo(0.9);
  });
});

describe("axes", () => {
  const numbers = fc.array(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), { minLength: 1, maxLength: 20 });

  test("a linear one holds every value between its ends, and has a few marks", () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const scale = linearScale(values);
        for (const value of values) expect(scale.at(value)).toBeGreaterThanOrEqual(-1e-9);
        for (const value of values) expect(scale.at(value)).toBeLessThanOrEqual(1 + 1e-9);
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
        expect(scale.ticks.length).toBeLessThanOrEqual(12);
      }),
    );
  });

  test("a logarithmic one has marks over any range", () => {
    expect(logScale([0.02, 3]).ticks).toEqual([0.03, 0.1, 0.3, 1, 3]);
    expect(logScale([1e-9, 1]).ticks.length).toBeGreaterThanOrEqual(3);
    expect(valueScale([0.001, 1], 5, false).logarithmic).toBe(true);
    expect(valueScale([0.001, 1], 5, true).logarithmic).toBe(false);
    expect(valueScale([0, 1], 5, false).logarithmic).toBe(false);
  });

  test("shares never reach beyond 100 %", () => {
    expect(valueScale([0.86, 0.993], 5, true).ticks.at(-1)).toBe(1);
    expect(valueScale([1, 1], 5, true).ticks.at(-1)).toBe(1);
  });
});

test("numbers as readers expect them", () => {
  expect([0.000012, 0.1234567, 12, 1234.5, 98765432, Number.NaN].map(formatNumber)).toEqual([
    "1.20e-5",
    "0.1235",
    "12",
    "1,235",
    "9.88e+7",
    "NaN",
  ]);
  expect([0.5, 12.34, 125, 7400].map(formatSeconds)).toEqual(["0.50 s", "12.3 s", "2 min 5 s", "2 h 3 min"]);
  expect([512, 28_800_000].map(formatBytes)).toEqual(["512 B", "28.8 MB"]);
  expect(formatMetric("valAccuracy", 0.98765)).toBe("98.77 %");
  expect(["r2", "f1", "meanAbsoluteError"].map(metricTitle)).toEqual(["R²", "F1", "mean absolute error"]);
});

test("values of a table as its file has them", () => {
  expect([2009, -121345, 2.71459265, null, new Date(0), "x".repeat(50)].map(formatCell)).toEqual([
    "2009",
    "-121345",
    "2.715",
    "-",
    "1970-01-01",
    `${"x".repeat(39)}…`,
  ]);
});
