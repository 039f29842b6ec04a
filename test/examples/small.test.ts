import { describe, expect, test } from "vitest";
import * as article from "../../examples/article.ts";
import * as regression from "../../examples/linear-regression.ts";
import * as spirals from "../../examples/two-spirals.ts";
import * as xor from "../../examples/xor.ts";

const quiet = { verbose: 0 } as const;

test("the article's program gets all three samples right, its loss below 0.01 or its 1,000 epochs done", async () => {
  const { epochs, loss, accuracy } = await article.main(quiet);
  expect(accuracy).toBe(1);
  expect(loss < 0.01 || epochs === 1000).toBe(true);
  expect(loss).toBeLessThan(0.05);
});

test("exclusive or is learned to a loss below 0.01", async () => {
  const { epochs, accuracy, predictions } = await xor.main(quiet);
  expect(accuracy).toBe(1);
  expect(epochs).toBeLessThan(1000);
  expect(predictions.map(Math.round)).toEqual([0, 1, 1, 0]);
});

describe("linear regression", () => {
  test("ends where the closed-form solution is", async () => {
    const { r2, weights, exact, exactR2, cars, cleaning } = await regression.main(quiet);
    expect(cars).toBe(392);
    expect(cleaning).toBe("14 missing values: dropped 14 rows of 406.");
    expect(exactR2).toBeGreaterThan(0.6);
    expect(r2).toBeCloseTo(exactR2, 4);
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(exact[i] ?? Number.NaN, 2);
    });
  });

  test("its closed form finds an exact line, and R2 is 1 on it", () => {
    const x = [
      [1, 2],
      [2, -1],
      [0, 3],
      [4, 4],
    ];
    const y = x.map(([a = 0, b = 0]) => 2 * a - 3 * b + 5);
    const line = regression.leastSquares(x, y);
    [2, -3, 5].forEach((value, i) => {
      expect(line[i]).toBeCloseTo(value, 10);
    });
    expect(regression.rSquared(x, y, line)).toBeCloseTo(1, 12);
  });
});

describe("two spirals", () => {
  test("are the benchmark's 194 points", () => {
    const { x, y } = spirals.spirals();
    expect(x.length).toBe(194);
    expect(y.flat().filter((label) => label === 1).length).toBe(97);
    const [first = [], mirrored = []] = x;
    expect(mirrored).toEqual(first.map((value) => -value));
  });

  test("are told apart on at least 99 % of the points, and drawn", async () => {
    const { accuracy, picture } = await spirals.main(quiet);
    expect(accuracy).toBeGreaterThanOrEqual(0.99);
    expect(picture.length).toBe(31);
    expect(new Set(picture.map((line) => line.length))).toEqual(new Set([61]));
    const drawn = picture.join("");
    for (const mark of ["x", "o", "·"]) expect(drawn).toContain(mark);
  });
});
