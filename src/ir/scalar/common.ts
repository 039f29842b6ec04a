import { type Scalar, scalar } from "./expression.ts";

/** Horner's rule: `coefficients[0] + x * (coefficients[1] + x * (...))`. */
export function polynomial(x: Scalar, coefficients: readonly number[]): Scalar {
  let sum = scalar.constant(coefficients[coefficients.length - 1] as number);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = scalar.fma(sum, x, coefficients[i] as number);
  return sum;
}

/** 2^n of an integer n in [-126, 127], built from its bits. */
export function powerOfTwo(n: Scalar): Scalar {
  return scalar.bitcast(scalar.shl(scalar.add(n, 127), 23), "f32");
}

/** 1.5 * 2^23: adding it to |x| < 2^22 leaves the nearest integer (ties to even) in the low bits. */
const ROUNDING = 12582912;
const ROUNDING_BITS = 0x4b400000;

/** x * factor rounded to an integer, for |x * factor| < 2^22: as a float and as an i32. Costs one fma and two additions. */
export function nearestMultiple(x: Scalar, factor: number): { float: Scalar; integer: Scalar } {
  const shifted = scalar.fma(x, factor, ROUNDING);
  return { float: scalar.sub(shifted, ROUNDING), integer: scalar.sub(scalar.bitcast(shifted, "i32"), ROUNDING_BITS) };
}

/** The leading 12 bits of a float: the product of two such parts is exact, whether or not the compiler fuses it. */
export function high(x: Scalar): Scalar {
  return scalar.bitcast(scalar.and(scalar.bitcast(x, "i32"), ~0xfff), "f32");
}

/** The magnitude of `x` with the sign bit of `sign`. */
export function copySign(x: Scalar, sign: Scalar): Scalar {
  const magnitude = scalar.and(scalar.bitcast(x, "i32"), 0x7fffffff);
  const bit = scalar.and(scalar.bitcast(sign, "i32"), 0x80000000 | 0);
  return scalar.bitcast(scalar.or(magnitude, bit), "f32");
}

/** x * 2^n for n in [-252, 254], rounded once: also where the result overflows or is denormal. */
export function scaleByPower(x: Scalar, n: Scalar): Scalar {
  const half = scalar.shr(n, 1);
  return scalar.mul(scalar.mul(x, powerOfTwo(half)), powerOfTwo(scalar.sub(n, half)));
}

/** x = 2^e * m, m in [low, 2 low), for a positive, finite x; `low` by its bits. e is an i32. */
export function splitExponent(x: Scalar, lowBits: number): { e: Scalar; m: Scalar } {
  const denormal = scalar.lt(x, 2 ** -126);
  const normal = scalar.select(denormal, scalar.mul(x, 2 ** 23), x);
  const offset = scalar.sub(scalar.bitcast(normal, "i32"), lowBits);
  const e = scalar.shr(offset, 23);
  const m = scalar.bitcast(scalar.add(scalar.and(offset, 0x7fffff), lowBits), "f32");
  return { e: scalar.select(denormal, scalar.sub(e, 23), e), m };
}
