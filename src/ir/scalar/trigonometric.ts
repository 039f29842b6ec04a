import { nearestMultiple, polynomial } from "./common.ts";
import { type Scalar, scalar } from "./expression.ts";

/** pi / 2 in five parts (Cody and Waite): four of 8 bits, whose products with integers below 2^16 are exact, and a rest. */
const HALF_PI = [1.5703125, 0.0004825592041015625, 1.2665987014770508e-6, 9.89530235528946e-10, 2.5633440682570896e-12];

/** Minimax, scripts/minimax.ts: (sin r - r) / r^3 in r^2 for |r| <= pi / 4, to 2^-32 of sin r. */
const SIN_TAIL = [-0.166666672, 0.0083333794, -0.000198530703, 0.00000283268878];

/** Minimax, scripts/minimax.ts: (cos r - 1 + r^2 / 2) / r^4 in r^2 for |r| <= pi / 4, to 2^-37. */
const COS_TAIL = [0.0416666679, -0.001388898, 0.0000248220204, -2.88808877e-7];

/** sin(x + shift * pi / 2). */
function sine(x: Scalar, shift: number): Scalar {
  const { float, integer } = nearestMultiple(x, 2 / Math.PI);
  const rest = HALF_PI.reduce((sum, part) => scalar.fma(float, -part, sum), x);
  // Only numbers too large for the reduction are bounded here.
  const r = scalar.greater(-0.8, scalar.lesser(0.8, rest));
  const square = scalar.mul(r, r);
  const sin = scalar.fma(scalar.mul(r, square), polynomial(square, SIN_TAIL), r);
  const cos = scalar.fma(scalar.mul(square, square), polynomial(square, COS_TAIL), scalar.fma(square, -0.5, 1));
  const quadrant = scalar.add(integer, shift);
  const value = scalar.select(scalar.eq(scalar.and(quadrant, 1), 0), sin, cos);
  const flip = scalar.shl(scalar.and(quadrant, 2), 30);
  return scalar.bitcast(scalar.xor(scalar.bitcast(value, "i32"), flip), "f32");
}

/**
 * Sine of radians. Within 2 ulp for |x| <= 10 and 3.5 ulp for |x| <= 100 000. Beyond, accuracy falls; above 6.5 million only
 * -1 <= sin(x) <= 1 is left. NaN at infinity.
 */
export function sin(x: Scalar): Scalar {
  // By sin(-x) = -sin(x), so that -0 stays -0.
  const signBit = scalar.and(scalar.bitcast(x, "i32"), 0x80000000 | 0);
  const positive = sine(scalar.abs(x), 0);
  return scalar.bitcast(scalar.xor(scalar.bitcast(positive, "i32"), signBit), "f32");
}

/** Cosine of radians: accuracy as of {@link sin}. */
export function cos(x: Scalar): Scalar {
  return sine(x, 1);
}
