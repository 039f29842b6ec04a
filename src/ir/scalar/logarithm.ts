import { polynomial } from "./common.ts";
import { exp } from "./exponential.ts";
import { type Scalar, scalar } from "./expression.ts";
import { relu } from "./basic.ts";

const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.4286068203094173e-6;
/** Bits of sqrt(1/2): mantissas are taken in [sqrt(1/2), sqrt(2)). */
const SQRT_HALF_BITS = 0x3f3504f3;

/** (log(1 + f) - f + f^2 / 2) / f^3. */
const LOG_TAIL = [1 / 3, -1 / 4, 1 / 5, -1 / 6, 1 / 7, -1 / 8, 1 / 9, -1 / 10, 1 / 11, -1 / 12, 1 / 13, -1 / 14, 1 / 15, -1 / 16, 1 / 17];

/** x = 2^e (1 + f) for a positive, normal x. */
function split(x: Scalar): { e: Scalar; f: Scalar } {
  const offset = scalar.sub(scalar.bitcast(x, "i32"), SQRT_HALF_BITS);
  const mantissa = scalar.add(scalar.and(offset, 0x7fffff), SQRT_HALF_BITS);
  return { e: scalar.shr(offset, 23), f: scalar.sub(scalar.bitcast(mantissa, "f32"), 1) };
}

/** e ln 2 + log(1 + f), smallest terms first. */
function combine(e: Scalar, f: Scalar): Scalar {
  const square = scalar.mul(f, f);
  const tail = scalar.mul(scalar.mul(square, f), polynomial(f, LOG_TAIL));
  const low = scalar.fma(e, LN2_LOW, scalar.fma(square, -0.5, tail));
  return scalar.fma(e, LN2_HIGH, scalar.add(f, low));
}

/** Natural logarithm: -infinity at 0, NaN below. */
export function log(x: Scalar): Scalar {
  const denormal = scalar.lt(x, 2 ** -126);
  const { e, f } = split(scalar.select(denormal, scalar.mul(x, 2 ** 23), x));
  const exponent = scalar.convert(scalar.select(denormal, scalar.sub(e, 23), e), "f32");
  const finite = scalar.select(scalar.lt(x, Infinity), combine(exponent, f), x);
  return scalar.select(scalar.lt(x, 0), NaN, scalar.select(scalar.eq(x, 0), -Infinity, finite));
}

/** log(1 + x), without cancellation near 0. */
export function log1p(x: Scalar): Scalar {
  const sum = scalar.add(x, 1);
  // What the sum lost: x = (sum - 1) + lost.
  const back = scalar.sub(sum, 1);
  const lost = scalar.add(scalar.sub(1, scalar.sub(sum, back)), scalar.sub(x, back));
  const { e, f } = split(sum);
  const scale = scalar.bitcast(scalar.shl(scalar.sub(scalar.constant(127, "i32"), e), 23), "f32");
  const correction = scalar.select(scalar.lt(x, 2 ** 25), scalar.mul(lost, scale), 0);
  const result = combine(scalar.convert(e, "f32"), scalar.add(f, correction));
  const finite = scalar.select(scalar.lt(x, Infinity), result, x);
  const inside = scalar.select(scalar.lt(scalar.abs(x), 2 ** -25), x, finite);
  return scalar.select(scalar.lt(x, -1), NaN, scalar.select(scalar.eq(x, -1), -Infinity, inside));
}

/** log(1 + e^x). */
export function softplus(x: Scalar): Scalar {
  return scalar.add(relu(x), log1p(exp(scalar.neg(scalar.abs(x)))));
}
