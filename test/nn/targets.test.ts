import { describe, expect, test } from "vitest";
import { checkFinite, checkTargets, type LossSpec, resolveLoss } from "../../src/nn/index.ts";
import type { Shape } from "../../src/util/index.ts";

function check(loss: LossSpec, output: Shape, shape: Shape, data: ArrayLike<number>): string {
  try {
    checkTargets(resolveLoss(loss), { shape, data }, output);
    return "fine";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("targets that fit are taken", () => {
  test.each([
    ["sparseCategoricalCrossentropy", [10], [3], new Int32Array([0, 9, 4])],
    ["sparseCategoricalCrossentropy", [10], [3, 1], new Float32Array([0, 9, 4])],
    ["sparseCategoricalCrossentropy", [2, 4], [1, 2], new Uint8Array([3, 0])],
    ["categoricalCrossentropy", [2], [2, 2], new Float32Array([0, 1, 0.25, 0.75])],
    ["binaryCrossentropy", [1], [2], new Uint8Array([0, 1])],
    ["binaryCrossentropy", [1], [2, 1], new Float32Array([0, 0.5])],
    ["binaryCrossentropy", [], [2, 1], new Float32Array([0, 0.5])],
    ["binaryCrossentropy", [3], [1, 3], new Float32Array([1, 1, 0])],
    ["meanSquaredError", [2, 2], [1, 2, 2], new Float32Array([-5, 1e9, 0, 2])],
    [(a: never) => a, [3], [2, 7], new Float32Array(14)],
  ] as [LossSpec, Shape, Shape, ArrayLike<number>][])("%s, output %j, targets %j", (loss, output, shape, data) => {
    expect(check(loss, output, shape, data)).toBe("fine");
  });
});

describe("targets that don't fit are refused", () => {
  const digits = new Int32Array(40).fill(3);
  digits[37] = 12;
  const oneHot = new Float32Array(20);
  test.each([
    [
      "sparseCategoricalCrossentropy",
      [10],
      [40],
      digits,
      "y holds the label 12 at sample 37. Expected labels 0..9, because the output has 10 units.",
    ],
    [
      "sparseCategoricalCrossentropy",
      [3],
      [3],
      new Int32Array([1, 2, 3]),
      "y holds the label 3 at sample 2. Expected labels 0..2, because the output has 3 units. Fix: do the labels begin with 1? then use y.sub(1).",
    ],
    [
      "sparseCategoricalCrossentropy",
      [2, 4],
      [2, 2],
      new Float32Array([0, 0, 1.5, 0]),
      "y holds the label 1.5 at sample 1, element [0]. Expected labels 0..3, because the output has 4 units.",
    ],
    [
      "sparseCategoricalCrossentropy",
      [10],
      [2, 10],
      oneHot,
      'y has shape [2, 10] for outputs of shape [batch, 10]. Expected [batch] for sparseCategoricalCrossentropy. Fix: one-hot targets need the loss "categoricalCrossentropy".',
    ],
    [
      "categoricalCrossentropy",
      [10],
      [20],
      oneHot,
      'y has shape [20] for outputs of shape [batch, 10]. Expected [batch, 10] for categoricalCrossentropy. Fix: class numbers need the loss "sparseCategoricalCrossentropy".',
    ],
    [
      "categoricalCrossentropy",
      [2],
      [2, 2],
      new Float32Array([0, 1, 1, 1]),
      'y sums to 2 over the classes at sample 1, element [0]. Expected one-hot rows or distributions for categoricalCrossentropy. Fix: for several labels per sample use "binaryCrossentropy".',
    ],
    [
      "categoricalCrossentropy",
      [1],
      [2, 1],
      new Float32Array([0, 1]),
      "categoricalCrossentropy with outputs of shape [1]. Expected at least two classes. Fix: use binaryCrossentropy for one output, or give the last layer one unit per class.",
    ],
    [
      "binaryCrossentropy",
      [1],
      [3, 1],
      new Float32Array([0, 1, 2]),
      "y is 2 at sample 2. Expected labels 0 and 1, or values between, for binaryCrossentropy.",
    ],
    [
      "meanSquaredError",
      [1],
      [2, 3],
      new Float32Array(6),
      "y has shape [2, 3] for outputs of shape [batch, 1]. Expected [batch, 1] for meanSquaredError. Fix: give the last layer 3 units instead of 1.",
    ],
    [
      "meanSquaredError",
      [4, 4, 1],
      [2, 16],
      new Float32Array(32),
      "y has shape [2, 16] for outputs of shape [batch, 4, 4, 1]. Expected [batch, 4, 4, 1] for meanSquaredError. Fix: y.reshape([-1, 4, 4, 1]).",
    ],
    [
      "meanSquaredError",
      [2],
      [2, 2],
      new Float32Array([0, 1, 2, Number.NaN]),
      "y is NaN at sample 1, element [1]. Expected finite numbers. Fix: fill or drop missing values first.",
    ],
    [
      (a: never) => a,
      [2],
      [1, 2],
      new Float32Array([0, Number.POSITIVE_INFINITY]),
      "y is Infinity at sample 0, element [1]. Expected finite numbers. Fix: fill or drop missing values first.",
    ],
  ] as [LossSpec, Shape, Shape, ArrayLike<number>, string][])(
    "%s, output %j, targets %j",
    (loss, output, shape, data, message) => {
      expect(check(loss, output, shape, data)).toBe(message);
    },
  );
});

test("checkFinite names the sample and the place in it", () => {
  const data = new Float32Array(24).fill(1);
  data[17] = Number.NaN;
  expect(() => checkFinite({ shape: [2, 3, 4], data }, "x")).toThrow("x is NaN at sample 1, element [1, 1]");
  expect(() => checkFinite({ shape: [4], data: new Uint8Array(4) }, "x")).not.toThrow();
});
