import { copySign, nearestMultiple, polynomial, powerOfTwo, scaleByPower } from "./common.ts";
import { type Scalar, scalar } from "./expression.ts";

/** ln 2 in two parts (Cody and Waite): the first has 16 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.42860677e-6;

/** Minimax, scripts/minimax.ts: (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, to 2^-30 of e^r - 1. */
const EXP_TAIL = [0.5, 0.166666657, 0.0416664928, 0.00833354611, 0.00139323261, 0.000197616755];

/** Minimax, scripts/minimax.ts: (tanh x - x) / x^3 in x^2 for |x| <= 0.55, to 2^-32 of tanh x. */
const TANH_TAIL = [-0.333333313, 0.133332267, -0.0539491512, 0.0217113998, -0.00819434319, 0.00214545568];

/** x = n ln 2 + r. */
function reduce(x: Scalar): { n: Scalar; r: Scalar } {
  const { float, integer } = nearestMultiple(x, Math.LOG2E);
  const near = scalar.fma(float, -LN2_HIGH, x);
  return { n: integer, r: scalar.fma(float, -LN2_LOW, near) };
}

/** e^r - 1 for |r| <= ln(2) / 2. */
function smallExpm1(r: Scalar): Scalar {
  return scalar.fma(scalar.mul(r, r), polynomial(r, EXP_TAIL), r);
}

/** e^x. Overflows to infinity above 88.72; below -87.33 the result is a denormal number, then 0 (below -103.97). Within 1.1 ulp. */
export function exp(x: Scalar): Scalar {
  // A bound as the first operand lets NaN through.
  const bounded = scalar.greater(-104, scalar.lesser(89, x));
  const { n, r } = reduce(bounded);
  return scaleByPower(scalar.add(smallExpm1(r), 1), n);
}

/** e^x for |x| < 87: one scaling suffices, and no bounds are needed. */
export function expWithin(x: Scalar): Scalar {
  const { n, r } = reduce(x);
  return scalar.mul(scalar.add(smallExpm1(r), 1), powerOfTwo(n));
}

/** e^x - 1, without cancellation near 0. Within 1.7 ulp. */
export function expm1(x: Scalar): Scalar {
  const bounded = scalar.greater(-18, scalar.lesser(89, x));
  const { n, r } = reduce(bounded);
  // Halved, so that 2^n is a float even for the largest results.
  const scale = powerOfTwo(scalar.sub(n, 1));
  const half = scalar.fma(smallExpm1(r), scale, scalar.sub(scale, 0.5));
  // x itself where it is as good: keeps -0 and denormal numbers.
  return scalar.select(scalar.lt(scalar.abs(x), 2 ** -25), x, scalar.add(half, half));
}

/** 1 / (1 + e^-x), from e^-|x| so that nothing overflows. Within 2.4 ulp. */
export function sigmoid(x: Scalar): Scalar {
  const e = exp(scalar.neg(scalar.abs(x)));
  return scalar.div(scalar.select(scalar.lt(x, 0), e, 1), scalar.add(e, 1));
}

/** Hyperbolic tangent: x + x^3 P(x^2) near 0, else 1 - 2 / (e^2x + 1). Within 1.7 ulp. */
export function tanh(x: Scalar): Scalar {
  const size = scalar.abs(x);
  const square = scalar.mul(x, x);
  const near = scalar.fma(scalar.mul(square, size), polynomial(square, TANH_TAIL), size);
  const e = expWithin(scalar.mul(scalar.lesser(10, size), 2));
  const far = scalar.sub(1, scalar.div(2, scalar.add(e, 1)));
  return copySign(scalar.select(scalar.lt(size, 0.55), near, far), x);
}
