import { copySign, polynomial } from "./common.ts";
import { expWithin } from "./exponential.ts";
import { type Scalar, scalar } from "./expression.ts";

/** Minimax, scripts/minimax.ts: erf(x) / x - 1 in x^2 for |x| <= 0.92, to 2^-30. */
const ERF_NEAR = [
  0.128379166, -0.376126289, 0.112836257, -0.0268557277, 0.00519237621, -0.000804912881, 0.0000799236368,
];

/** Minimax, scripts/minimax.ts: -log(erfc(x)) / x - 1 for 0.92 <= x <= 3.95, to 2^-29 of erf(x). */
const ERF_FAR = [0.12864849, 0.635151327, 0.106236845, -0.0237620194, 0.0036424296, -0.000322794018, 0.0000112300122];

/** From here on erf rounds to 1. */
const ERF_END = 3.95;

/** The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. Within 1.3 ulp. */
export function erf(x: Scalar): Scalar {
  const size = scalar.lesser(ERF_END, scalar.abs(x));
  const square = scalar.mul(size, size);
  const near = scalar.fma(x, polynomial(square, ERF_NEAR), x);
  const exponent = scalar.fma(size, polynomial(size, ERF_FAR), size);
  const far = copySign(scalar.sub(1, expWithin(scalar.neg(exponent))), x);
  return scalar.select(scalar.lt(size, 0.92), near, far);
}
