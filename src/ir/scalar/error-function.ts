import { copySign } from "./common.ts";
import { exp } from "./exponential.ts";
import { type Scalar, scalar } from "./expression.ts";
import { polynomial } from "./common.ts";

/** The error function, 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x. */
export function erf(x: Scalar): Scalar {
  // Abramowitz and Stegun, 7.1.26.
  const a = scalar.abs(x);
  const t = scalar.div(1, scalar.fma(a, 0.3275911, 1));
  const p = scalar.mul(t, polynomial(t, [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429]));
  return copySign(scalar.sub(1, scalar.mul(p, exp(scalar.neg(scalar.mul(x, x))))), x);
}
