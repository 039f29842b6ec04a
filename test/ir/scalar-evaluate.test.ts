import { describe, expect, it } from "vitest";
import { evaluateScalar, type Scalar, type ScalarType, scalar } from "../../src/ir/scalar/index.ts";

const f = (n: number) => scalar.arg(n, "f32");
const i = (n: number) => scalar.arg(n, "i32");
const u = (n: number) => scalar.arg(n, "u32");
const run = (expression: Scalar, ...args: number[]) => evaluateScalar(expression, args);

describe("evaluateScalar", () => {
  it("rounds to float32 after each instruction", () => {
    expect(run(scalar.add(f(0), f(1)), 1, 2 ** -24)).toBe(1);
    expect(run(scalar.sub(scalar.add(f(0), f(1)), f(0)), 16777216, 1)).toBe(0);
    expect(run(scalar.div(f(0), f(1)), 1, 3)).toBe(Math.fround(1 / 3));
    expect(run(f(0), 0.1)).toBe(Math.fround(0.1));
  });

  it("rounds fma once", () => {
    const fma = scalar.fma(f(0), f(1), f(2));
    const a = 1 + 2 ** -12;
    // a * a = 1 + 2^-11 + 2^-24: rounded first, the last bit is lost.
    expect(run(fma, a, a, -1 - 2 ** -11)).toBe(2 ** -24);
    // 1 + 2^-23 + 2^-24 - 2^-70: in float64 it becomes a tie, which would go to even.
    expect(run(fma, 1 + 2 ** -23, 2 ** -24 * (1 - 2 ** -23), 1 + 2 ** -23)).toBe(1 + 2 ** -23);
    expect(run(fma, 1 + 2 ** -23, -(2 ** -24) * (1 - 2 ** -23), -1 - 2 ** -23)).toBe(-1 - 2 ** -23);
    expect(run(fma, 3e38, 10, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(run(fma, 2 ** -100, 2 ** -100, 1)).toBe(1);
  });

  it("wraps 32-bit integers", () => {
    expect(run(scalar.add(i(0), i(1)), 0x7fffffff, 1)).toBe(-0x80000000);
    expect(run(scalar.add(u(0), u(1)), 0xffffffff, 1)).toBe(0);
    expect(run(scalar.sub(u(0), u(1)), 0, 1)).toBe(0xffffffff);
    expect(run(scalar.mul(u(0), u(1)), 0xffffffff, 0xffffffff)).toBe(1);
    expect(run(scalar.mul(i(0), i(1)), 65537, 65537)).toBe(131073);
    expect(run(scalar.neg(i(0)), -0x80000000)).toBe(-0x80000000);
  });

  it("divides integers towards 0, and by 0 to 0", () => {
    expect(run(scalar.div(i(0), i(1)), -7, 2)).toBe(-3);
    expect(run(scalar.rem(i(0), i(1)), -7, 2)).toBe(-1);
    expect(run(scalar.div(i(0), i(1)), 7, 0)).toBe(0);
    expect(run(scalar.rem(u(0), u(1)), 7, 0)).toBe(0);
    expect(run(scalar.div(i(0), i(1)), -0x80000000, -1)).toBe(-0x80000000);
    expect(run(scalar.div(u(0), u(1)), 0xfffffffe, 2)).toBe(0x7fffffff);
    expect(run(scalar.rem(f(0), f(1)), -7, 2)).toBe(-1);
  });

  it("shifts", () => {
    expect(run(scalar.shr(i(0), 1), -4)).toBe(-2);
    expect(run(scalar.shr(u(0), 1), 0xfffffffc)).toBe(0x7ffffffe);
    expect(run(scalar.shl(u(0), 31), 3)).toBe(0x80000000);
  });

  it("compares into masks and selects", () => {
    const less = scalar.lt(f(0), f(1));
    expect(run(less, 1, 2)).toBe(-1);
    expect(run(less, 2, 1)).toBe(0);
    expect([scalar.eq, scalar.lt, scalar.le].map((op) => run(op(f(0), f(1)), Number.NaN, 1))).toEqual([0, 0, 0]);
    expect(run(scalar.ne(f(0), f(1)), Number.NaN, Number.NaN)).toBe(-1);
    expect(run(scalar.not(less), 1, 2)).toBe(0);
    expect(run(scalar.select(scalar.and(less, scalar.not(less)), 5, f(0)), 1, 2)).toBe(1);
    expect(run(scalar.convert(less, "f32"), 1, 2)).toBe(1);
  });

  it("lesser and greater give the second operand when unordered", () => {
    expect(run(scalar.lesser(f(0), f(1)), Number.NaN, 2)).toBe(2);
    expect(run(scalar.lesser(f(0), f(1)), 2, Number.NaN)).toBeNaN();
    expect(run(scalar.greater(f(0), f(1)), Number.NaN, 2)).toBe(2);
  });

  it.each<[number, ScalarType, number]>([
    [1.9, "i32", 1],
    [-1.9, "i32", -1],
    [3e9, "i32", 0x7fffffff],
    [-3e9, "i32", -0x80000000],
    [-1, "u32", 0],
    [5e9, "u32", 0xffffffff],
    [Number.NaN, "i32", 0],
  ])("converts %d to %s as %d", (value, type, expected) => {
    expect(run(scalar.convert(f(0), type), value)).toBe(expected);
  });

  it("converts integers", () => {
    expect(run(scalar.convert(u(0), "f32"), 0xffffffff)).toBe(4294967296);
    expect(run(scalar.convert(i(0), "u32"), -1)).toBe(0xffffffff);
    expect(run(scalar.bitcast(f(0), "i32"), -0)).toBe(-0x80000000);
    expect(run(scalar.bitcast(u(0), "f32"), 0x3f800000)).toBe(1);
  });

  it("computes a shared node once, whatever the depth of the sharing", () => {
    let sum = f(0);
    for (let n = 0; n < 60; n++) sum = scalar.add(sum, sum);
    expect(run(sum, 1)).toBe(2 ** 60);
  });

  it("refuses an operand that is missing", () => {
    expect(() => run(f(1), 1)).toThrow(/Descent bug: scalar arg 1 has no value/);
  });
});
