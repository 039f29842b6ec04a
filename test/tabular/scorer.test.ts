import { expect, test } from "vitest";
import { RocArea, rocBytes } from "../../src/tabular/curve.ts";
import { scoresOf, TableScorer } from "../../src/tabular/scores.ts";
import type { TableTask } from "../../src/tabular/types.ts";

const SEED = Math.floor(Math.random() * 2 ** 31) || 1;

/** Numbers from 0 to 1 (Park and Miller, 1988). */
function randomNumbers(): () => number {
  console.log(`seed ${SEED}`);
  let state = SEED;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Scores on a grid, so that some are equal, higher for class 1. */
function scored(rows: number, steps: number): { y: Float32Array; p: Float32Array } {
  const random = randomNumbers();
  const y = Float32Array.from({ length: rows }, () => (random() < 0.3 ? 1 : 0));
  return { y, p: y.map((label) => Math.round(steps * Math.min(1, 0.7 * random() + 0.25 * label)) / steps) };
}

/** Mann and Whitney's statistic as it is defined: pair by pair. */
function pairs(y: Float32Array, p: Float32Array): number {
  const of = (label: number) => p.filter((_, i) => y[i] === label);
  const [ones, zeros] = [of(1), of(0)];
  let won = 0;
  for (const one of ones) for (const zero of zeros) won += one > zero ? 1 : one === zero ? 0.5 : 0;
  return won / (ones.length * zeros.length);
}

function areaOf(y: Float32Array, p: Float32Array, bytes: number): { area: number; margin: number } {
  const roc = new RocArea(bytes);
  p.forEach((score, i) => {
    roc.add(score, y[i] === 1 ? 1 : 0);
  });
  return roc.result();
}

test("the area under the curve is that of all pairs, whatever the scores' sign and order", () => {
  const { y, p } = scored(900, 60);
  for (const scores of [p, p.map((score) => -4 * score), p.map((score) => Math.log(score / (1 - score)))]) {
    const { area, margin } = areaOf(y, scores, rocBytes(900));
    expect(area).toBeCloseTo(pairs(y, scores), 12);
    expect(margin).toBe(0);
  }
  expect(areaOf(y.fill(1), p, 0).area).toBeNaN();
  expect(areaOf(Float32Array.of(0, 1), Float32Array.of(0.5, Number.NaN), 0).area).toBeNaN();
});

test("scores without room become ranges: the area lies within its margin, in any order of the rows", () => {
  const { y, p } = scored(60_000, 1e7);
  const exact = areaOf(y, p, rocBytes(60_000));
  expect(exact.margin).toBe(0);
  const byScore = [...p.keys()].sort((a, b) => (p[a] as number) - (p[b] as number));
  for (const order of [[...p.keys()], byScore, byScore.slice().reverse()]) {
    const { area, margin } = areaOf(
      Float32Array.from(order, (i) => y[i] as number),
      Float32Array.from(order, (i) => p[i] as number),
      2 ** 16, // 6,000 scores and 341 ranges
    );
    expect(margin).toBeGreaterThan(0);
    expect(margin).toBeLessThan(0.01);
    expect(Math.abs(area - exact.area)).toBeLessThanOrEqual(margin);
  }
});

test("where few scores are different, the area is exact in any room", () => {
  const { y, p } = scored(60_000, 200);
  const exact = areaOf(y, p, rocBytes(60_000));
  expect(areaOf(y, p, 2 ** 16)).toEqual(exact);
});

test.each<[TableTask, number]>([
  ["regression", 1],
  ["binary", 2],
  ["multi-class", 4],
  ["multi-label", 3],
])("figures of %s are the same in pieces and at once", (task, size) => {
  const random = randomNumbers();
  const rows = 400;
  const width = task === "multi-label" ? size : 1;
  const outputs = task === "multi-class" || task === "multi-label" ? size : 1;
  const y = Float32Array.from({ length: rows * width }, () =>
    task === "regression" ? 1e4 + random() : Math.floor(random() * (task === "multi-label" ? 2 : size)),
  );
  const p = Float32Array.from({ length: rows * outputs }, () => (task === "regression" ? 1e4 : 0) + random());
  const scorer = new TableScorer(task, size, 2 ** 20);
  for (let start = 0; start < rows; ) {
    const end = Math.min(rows, start + Math.floor(random() * 60));
    scorer.add(y.subarray(start * width, end * width), p.subarray(start * outputs, end * outputs));
    start = end;
  }
  expect(scorer.rows).toBe(rows);
  expect(scorer.margin).toBe(0);
  expect(scorer.scores()).toEqual(scoresOf(task, y, p, width));
  if (task !== "regression") return;
  // R² as it is defined, in two passes: sums of squares of numbers near 10,000 would lose half of the digits.
  const mean = y.reduce((sum, value) => sum + value, 0) / rows;
  const spread = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const squares = y.reduce((sum, value, i) => sum + (value - (p[i] as number)) ** 2, 0);
  expect(scorer.scores()["r2"]).toBeCloseTo(1 - squares / spread, 10);
});
