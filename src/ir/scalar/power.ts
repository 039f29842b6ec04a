import { exp } from "./exponential.ts";
import { type Scalar, scalar } from "./expression.ts";
import { log } from "./logarithm.ts";

/** x to the power y. */
export function pow(x: Scalar, y: Scalar): Scalar {
  const magnitude = exp(scalar.mul(y, log(scalar.abs(x))));
  const half = scalar.mul(y, 0.5);
  const integer = scalar.eq(scalar.floor(y), y);
  const odd = scalar.and(integer, scalar.ne(scalar.floor(half), half));
  const signed = scalar.select(scalar.and(scalar.lt(x, 0), odd), scalar.neg(magnitude), magnitude);
  const real = scalar.select(scalar.and(scalar.lt(x, 0), scalar.not(integer)), NaN, signed);
  return scalar.select(scalar.eq(y, 0), 1, real);
}
