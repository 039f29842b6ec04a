import { type Scalar, scalar } from "./expression.ts";

/** The larger of two; NaN if either is NaN, as in NumPy. */
export function maximum(a: Scalar, b: Scalar): Scalar {
  return scalar.select(scalar.or(scalar.lt(b, a), scalar.ne(a, a)), a, b);
}

/** The smaller of two; NaN if either is NaN, as in NumPy. */
export function minimum(a: Scalar, b: Scalar): Scalar {
  return scalar.select(scalar.or(scalar.lt(a, b), scalar.ne(a, a)), a, b);
}

/** -1, 0 or 1; a zero keeps its sign and NaN stays. */
export function sign(x: Scalar): Scalar {
  return scalar.select(scalar.lt(scalar.constant(0, x.type), x), 1, scalar.select(scalar.lt(x, 0), -1, x));
}

/** x above zero, else 0; NaN stays NaN. */
export function relu(x: Scalar): Scalar {
  return scalar.select(scalar.le(x, 0), 0, x);
}

/** To the nearest integer, halves to even. */
export function round(x: Scalar): Scalar {
  return scalar.nearest(x);
}
