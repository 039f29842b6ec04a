import { type Scalar, scalar } from "./expression.ts";

/**
 * The nearest bfloat16 (the upper half of a float32), ties to even; what is smaller than 2^-126 becomes a zero of its sign, as in the
 * processors' own conversion (Intel, BFLOAT16 Hardware Numerics Definition, 2018).
 */
export function bfloat16(x: Scalar): Scalar {
  const bits = scalar.bitcast(x, "u32");
  const half = scalar.add(scalar.and(scalar.shr(bits, 16), 1), 0x7fff);
  const rounded = scalar.bitcast(scalar.and(scalar.add(bits, half), 0xffff0000), "f32");
  // Denormal numbers become zeros, zeros and NaN stay what they are.
  return scalar.select(scalar.le(2 ** -126, scalar.abs(x)), rounded, scalar.mul(x, 0));
}
