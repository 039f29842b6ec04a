import { relu } from "./basic.ts";
import { polynomial, splitExponent } from "./common.ts";
import { exp } from "./exponential.ts";
import { type Scalar, scalar } from "./expression.ts";

/** ln 2 in two parts (Cody and Waite), as for exp. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.42860677e-6;

/** Bits of 2/3: mantissas are taken in [2/3, 4/3), around 1. */
const TWO_THIRDS_BITS = 0x3f2aaaab;

/** Minimax, scripts/minimax.ts: (log(1 + f) - f + f^2 / 2) / f^3 for |f| <= 1/3, to 2^-29 of log(1 + f). */
const LOG_TAIL = [
  0.333333343, -0.249998271, 0.199996814, -0.166792959, 0.143027157, -0.121994182, 0.107695878, -0.128301099,
  0.119582906,
];

/** e ln 2 + log(1 + f), smallest terms first. */
function combine(e: Scalar, f: Scalar): Scalar {
  const exponent = scalar.convert(e, "f32");
  const square = scalar.mul(f, f);
  const tail = scalar.mul(scalar.mul(square, f), polynomial(f, LOG_TAIL));
  const low = scalar.fma(exponent, LN2_LOW, scalar.fma(square, -0.5, tail));
  return scalar.fma(exponent, LN2_HIGH, scalar.add(f, low));
}

/** Natural logarithm: -infinity at 0, NaN below. Within 1.2 ulp. */
export function log(x: Scalar): Scalar {
  const { e, m } = splitExponent(x, TWO_THIRDS_BITS);
  const finite = scalar.select(scalar.lt(x, Number.POSITIVE_INFINITY), combine(e, scalar.sub(m, 1)), x);
  return scalar.select(scalar.lt(x, 0), Number.NaN, scalar.select(scalar.eq(x, 0), Number.NEGATIVE_INFINITY, finite));
}

/** log(1 + x), without cancellation near 0: -infinity at -1, NaN below. Within 1.6 ulp. */
export function log1p(x: Scalar): Scalar {
  const sum = scalar.add(x, 1);
  // What the sum lost (Knuth's two-sum): 1 + x = sum + lost.
  const back = scalar.sub(sum, 1);
  const lost = scalar.add(scalar.sub(1, scalar.sub(sum, back)), scalar.sub(x, back));
  const offset = scalar.sub(scalar.bitcast(sum, "i32"), TWO_THIRDS_BITS);
  const e = scalar.shr(offset, 23);
  const m = scalar.bitcast(scalar.add(scalar.and(offset, 0x7fffff), TWO_THIRDS_BITS), "f32");
  const scale = scalar.bitcast(scalar.shl(scalar.sub(127, e), 23), "f32");
  const correction = scalar.select(scalar.lt(x, 2 ** 25), scalar.mul(lost, scale), 0);
  const finite = scalar.select(
    scalar.lt(x, Number.POSITIVE_INFINITY),
    combine(e, scalar.add(scalar.sub(m, 1), correction)),
    x,
  );
  // x itself where it is as good: keeps -0 and denormal numbers.
  const inside = scalar.select(scalar.lt(scalar.abs(x), 2 ** -25), x, finite);
  return scalar.select(scalar.lt(x, -1), Number.NaN, scalar.select(scalar.eq(x, -1), Number.NEGATIVE_INFINITY, inside));
}

/** log(1 + e^x), without overflow. Within 2 ulp. */
export function softplus(x: Scalar): Scalar {
  return scalar.add(relu(x), log1p(exp(scalar.neg(scalar.abs(x)))));
}
