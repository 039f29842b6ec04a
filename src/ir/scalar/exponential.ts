import { nearestMultiple, polynomial, powerOfTwo } from "./common.ts";
import { type Scalar, scalar } from "./expression.ts";

const LOG2_E = 1.4426950408889634;
/** ln 2 in two parts (Cody and Waite): the first has 16 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.4286068203094173e-6;

/** (e^r - 1 - r) / r^2 for |r| <= ln(2)/2. */
const EXP_TAIL = [0.5, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040];

/** x = n ln 2 + r. */
function reduce(x: Scalar): { n: Scalar; r: Scalar } {
  const { float, integer } = nearestMultiple(x, LOG2_E);
  const near = scalar.fma(float, -LN2_HIGH, x);
  return { n: integer, r: scalar.fma(float, -LN2_LOW, near) };
}

/** e^r - 1 for |r| <= ln(2)/2. */
function smallExpm1(r: Scalar): Scalar {
  return scalar.fma(scalar.mul(r, r), polynomial(r, EXP_TAIL), r);
}

/** e^x. Overflows to infinity above 88.72; below -87.33 the result is a denormal number, then 0 (below -103.97). */
export function exp(x: Scalar): Scalar {
  const bounded = scalar.greater(scalar.constant(-104), scalar.lesser(scalar.constant(89), x));
  const { n, r } = reduce(bounded);
  const mantissa = scalar.add(smallExpm1(r), 1);
  const half = scalar.shr(n, 1);
  return scalar.mul(scalar.mul(mantissa, powerOfTwo(half)), powerOfTwo(scalar.sub(n, half)));
}

/** e^x - 1, without cancellation near 0. */
export function expm1(x: Scalar): Scalar {
  const bounded = scalar.greater(scalar.constant(-18), scalar.lesser(scalar.constant(89), x));
  const { n, r } = reduce(bounded);
  // Halved, so that 2^n of the largest results is a float.
  const scale = powerOfTwo(scalar.sub(n, 1));
  const half = scalar.fma(smallExpm1(r), scale, scalar.sub(scale, 0.5));
  const tiny = scalar.lt(scalar.abs(x), 2 ** -25);
  return scalar.select(tiny, x, scalar.add(half, half));
}

/** 1 / (1 + e^-x), from e^-|x| so that nothing overflows. */
export function sigmoid(x: Scalar): Scalar {
  const e = exp(scalar.neg(scalar.abs(x)));
  return scalar.div(scalar.select(scalar.lt(x, 0), e, 1), scalar.add(e, 1));
}

/** Hyperbolic tangent. */
export function tanh(x: Scalar): Scalar {
  const e = expm1(scalar.mul(x, 2));
  return scalar.select(scalar.lt(scalar.constant(10), scalar.abs(x)), sign(x), scalar.div(e, scalar.add(e, 2)));
}

function sign(x: Scalar): Scalar {
  return scalar.select(scalar.lt(x, 0), -1, 1);
}
