import { describe, expect, it } from "vitest";
import {
  cos,
  erf,
  evaluateScalar,
  exp,
  expm1,
  log,
  log1p,
  maximum,
  minimum,
  pow,
  relu,
  round,
  type Scalar,
  scalar,
  sigmoid,
  sign,
  sin,
  softplus,
  tanh,
} from "../../src/ir/scalar/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { erfDouble, splitFma, ulpError } from "./scalar-reference.ts";

const x = scalar.arg(0, "f32");
const y = scalar.arg(1, "f32");

interface Case {
  readonly define: (x: Scalar) => Scalar;
  readonly truth: (x: number) => number;
  /** Stated bound in units of the last place. */
  readonly bound: number;
  /** Random arguments: the sign is drawn too, the size is spread evenly in its logarithm. */
  readonly sizes: readonly [number, number];
}

const everywhere = [2 ** -149, 2 ** 127.9] as const;
const CASES: readonly Case[] = [
  { define: exp, truth: Math.exp, bound: 1.1, sizes: [1e-8, 110] },
  { define: expm1, truth: Math.expm1, bound: 1.7, sizes: [1e-45, 110] },
  { define: sigmoid, truth: (v) => 1 / (1 + Math.exp(-v)), bound: 2.4, sizes: [1e-8, 110] },
  { define: tanh, truth: Math.tanh, bound: 1.7, sizes: [1e-45, 20] },
  { define: log, truth: Math.log, bound: 1.2, sizes: everywhere },
  { define: log1p, truth: Math.log1p, bound: 1.6, sizes: everywhere },
  { define: softplus, truth: (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))), bound: 2, sizes: [1e-8, 110] },
  { define: erf, truth: erfDouble, bound: 1.3, sizes: [1e-45, 6] },
  { define: sin, truth: Math.sin, bound: 2, sizes: [1e-45, 10] },
  { define: cos, truth: Math.cos, bound: 2, sizes: [1e-8, 10] },
  { define: sin, truth: Math.sin, bound: 3.5, sizes: [10, 1e5] },
  { define: cos, truth: Math.cos, bound: 3.5, sizes: [10, 1e5] },
];

function spread(random: HostRandom, [low, high]: readonly [number, number]): number {
  const size = Math.fround(low * (high / low) ** random.uniform());
  return random.uniform() < 0.5 ? -size : size;
}

describe.each(CASES)("$define.name for sizes $sizes", ({ define, truth, bound, sizes }) => {
  const expression = define(x);
  it.each([
    ["fused multiply-add", expression],
    ["multiply, then add", splitFma(expression)],
  ])(`is within ${bound} ulp (%s)`, (_, variant) => {
    const random = new HostRandom(7);
    let worst = { error: 0, at: 0 };
    for (let i = 0; i < 6000; i++) {
      const value = spread(random, sizes);
      const error = ulpError(evaluateScalar(variant, [value]), truth(value));
      if (error > worst.error) worst = { error, at: value };
    }
    expect(worst.error, `at ${worst.at}`).toBeLessThanOrEqual(bound);
  });

  it("is right at special values", () => {
    for (const value of [
      0,
      -0,
      1,
      -1,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      2 ** -149,
      -(2 ** -149),
      2 ** -126,
      0.5,
      -0.5,
    ]) {
      const result = evaluateScalar(expression, [value]);
      const expected = Math.fround(truth(value));
      if (Number.isFinite(expected) && expected !== 0)
        expect(ulpError(result, truth(value))).toBeLessThanOrEqual(bound);
      else expect(result).toBe(expected);
    }
  });
});

describe("exp", () => {
  it("passes to infinity, denormal numbers and 0 where float32 does", () => {
    const at = (value: number) => evaluateScalar(exp(x), [value]);
    expect(at(88.72283)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(at(88.72284)).toBe(Number.POSITIVE_INFINITY);
    expect(at(-103)).toBeGreaterThan(0);
    expect(at(-104)).toBe(0);
    expect(at(3e38)).toBe(Number.POSITIVE_INFINITY);
    expect(at(-3e38)).toBe(0);
  });
});

describe("sin and cos", () => {
  it("stay within [-1, 1] for every finite argument", () => {
    const random = new HostRandom(3);
    for (let i = 0; i < 500; i++) {
      const value = spread(random, [1e5, 3e38]);
      expect(Math.abs(evaluateScalar(sin(x), [value]))).toBeLessThanOrEqual(1);
      expect(Math.abs(evaluateScalar(cos(x), [value]))).toBeLessThanOrEqual(1);
    }
  });
});

describe("pow", () => {
  const expression = pow(x, y);
  const power = (a: number, b: number) => evaluateScalar(expression, [a, b]);

  it.each([
    ["fused multiply-add", expression],
    ["multiply, then add", splitFma(expression)],
  ])("is within 2 ulp over the whole range of results (%s)", (_, variant) => {
    const random = new HostRandom(11);
    let worst = { error: 0, at: [0, 0] };
    for (let i = 0; i < 6000; i++) {
      const base = i % 2 ? Math.fround(2 ** (random.uniform() * 4 - 2)) : Math.abs(spread(random, everywhere));
      const exponent = Math.fround((random.uniform() * 280 - 150) / Math.log2(base));
      if (!Number.isFinite(exponent)) continue;
      const error = ulpError(evaluateScalar(variant, [base, exponent]), base ** exponent);
      if (error > worst.error) worst = { error, at: [base, exponent] };
    }
    expect(worst.error, `at ${worst.at}`).toBeLessThanOrEqual(2);
  });

  it("has C's special values", () => {
    const specials = [
      0,
      -0,
      1,
      -1,
      2,
      -2,
      3,
      -3,
      0.5,
      -0.5,
      1.5,
      -1.5,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      2 ** -140,
      -(2 ** -140),
      3e38,
      -3e38,
    ];
    const exponents = [...specials, 16777215, -16777215, 16777216, 1e10, -1e10, 3e38];
    for (const a of specials) {
      for (const b of exponents) {
        const base = Math.fround(a);
        const exponent = Math.fround(b);
        // JavaScript alone gives NaN here.
        const one = base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY);
        const truth = one ? 1 : base ** exponent;
        const result = power(base, exponent);
        const expected = Math.fround(truth);
        if (Number.isFinite(expected) && expected !== 0)
          expect(ulpError(result, truth), `${a} ** ${b}`).toBeLessThanOrEqual(2);
        else expect(result, `${a} ** ${b}`).toBe(expected);
      }
    }
  });
});

describe("basic functions", () => {
  const run = (expression: Scalar, ...args: number[]) => evaluateScalar(expression, args);
  it("maximum and minimum pass NaN on from either side", () => {
    for (const [a, b] of [
      [1, Number.NaN],
      [Number.NaN, 1],
      [Number.NaN, Number.NaN],
    ] as const) {
      expect(run(maximum(x, y), a, b)).toBeNaN();
      expect(run(minimum(x, y), a, b)).toBeNaN();
    }
    expect(run(maximum(x, y), -2, 3)).toBe(3);
    expect(run(maximum(x, y), 3, -2)).toBe(3);
    expect(run(minimum(x, y), Number.NEGATIVE_INFINITY, 3)).toBe(Number.NEGATIVE_INFINITY);
  });

  it("sign, relu and round", () => {
    expect([-3, -0, 0, 5, Number.NaN].map((v) => run(sign(x), v))).toEqual([-1, -0, 0, 1, Number.NaN]);
    expect(
      [-3, 0, 5, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map((v) => run(relu(x), v)),
    ).toEqual([0, 0, 5, Number.NaN, 0, Number.POSITIVE_INFINITY]);
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 1e10].map((v) => run(round(x), v))).toEqual([0, 2, 2, -0, -2, 1e10]);
  });

  it("works on integers", () => {
    const i = scalar.arg(0, "i32");
    const j = scalar.arg(1, "i32");
    expect(run(maximum(i, j), -5, 3)).toBe(3);
    expect(run(sign(i), -5)).toBe(-1);
    expect(run(relu(i), -5)).toBe(0);
  });
});
