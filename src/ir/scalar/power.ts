import { high, nearestMultiple, polynomial, scaleByPower, splitExponent } from "./common.ts";
import { type Scalar, scalar } from "./expression.ts";

/** Bits of sqrt(3) / 2: mantissas are taken in [sqrt(3) / 2, sqrt(3)), around 1 and 3/2. */
const SQRT_THREE_QUARTERS_BITS = 0x3f5db3d7;
const SQRT_THREE_HALVES = 1.22474487;

/** Minimax, scripts/minimax.ts: (atanh s - s - s^3 / 3) / s^5 in s^2 for |s| <= 0.101. */
const ATANH_TAIL = [0.200000003, 0.142855793, 0.111296326, 0.0836704448];

/** Minimax, scripts/minimax.ts: (2^r - 1) / r for |r| <= 1/2. */
const EXP2_TAIL = [
  0.693147182, 0.240226507, 0.0555040501, 0.00961808674, 0.00133379677, 0.000154521636, 0.0000143210691,
];

/** Constants as 12 bits, whose product with another such part is exact, and a rest. */
const TWO_OVER_LN2 = { high: 2.884765625, low: 0.0006244567779268147 };
const LOG2_THREE_HALVES = { high: 0.5849609375, low: 0.0000015632211561814537 };

/** Above this, and beyond, an exponent gives 0 or infinity for every base but 1. */
const LARGE = 2 ** 35;

/** The base-2 logarithm of a positive, finite number as a sum of 12 bits and a rest, relative error about 2^-31. */
function logarithm(x: Scalar): { head: Scalar; rest: Scalar } {
  const { e, m } = splitExponent(x, SQRT_THREE_QUARTERS_BITS);
  const wide = scalar.lt(scalar.constant(SQRT_THREE_HALVES), m);
  const center = scalar.select(wide, scalar.constant(1.5), 1);
  // log(m / center) = 2 atanh(s), s = (m - center) / (m + center) = sHigh + sLow
  const above = scalar.sub(m, center);
  const below = scalar.add(m, center);
  const belowHigh = high(below);
  const belowLow = scalar.sub(m, scalar.sub(belowHigh, center));
  const s = scalar.div(above, below);
  const sHigh = high(s);
  const remainder = scalar.sub(scalar.sub(above, scalar.mul(sHigh, belowHigh)), scalar.mul(sHigh, belowLow));
  const sLow = scalar.div(remainder, below);
  const square = scalar.mul(s, s);
  const tail = scalar.mul(scalar.mul(square, s), scalar.fma(square, polynomial(square, ATANH_TAIL), 1 / 3));
  // atanh(s) = aHigh + aLow
  const lower = scalar.add(sLow, tail);
  const aHigh = high(scalar.add(sHigh, lower));
  const aLow = scalar.sub(lower, scalar.sub(aHigh, sHigh));
  // log2(x) = e + log2(center) + 2 / ln(2) * atanh(s)
  const exponent = scalar.convert(e, "f32");
  const centerHigh = scalar.select(wide, scalar.constant(LOG2_THREE_HALVES.high), 0);
  const centerLow = scalar.select(wide, scalar.constant(LOG2_THREE_HALVES.low), 0);
  const near = scalar.mul(aHigh, TWO_OVER_LN2.high);
  const cross = scalar.fma(aHigh, TWO_OVER_LN2.low, scalar.mul(aLow, TWO_OVER_LN2.high + TWO_OVER_LN2.low));
  const low = scalar.add(cross, centerLow);
  const head = high(scalar.add(scalar.add(scalar.add(near, low), centerHigh), exponent));
  const rest = scalar.sub(low, scalar.sub(scalar.sub(scalar.sub(head, exponent), centerHigh), near));
  return { head, rest };
}

/** |x|^y for a positive, finite |x|. */
function positivePower(size: Scalar, y: Scalar): Scalar {
  const { head, rest } = logarithm(size);
  const bounded = scalar.greater(-LARGE, scalar.lesser(LARGE, y));
  const yHigh = high(bounded);
  const yLow = scalar.sub(bounded, yHigh);
  // y log2(x) = large + small, large exact
  const large = scalar.mul(yHigh, head);
  const small = scalar.fma(yLow, head, scalar.mul(bounded, rest));
  const exponent = scalar.greater(-151, scalar.lesser(129, scalar.add(large, small)));
  const { float, integer } = nearestMultiple(exponent, 1);
  const r = scalar.greater(-1, scalar.lesser(1, scalar.add(scalar.sub(large, float), small)));
  return scaleByPower(scalar.fma(r, polynomial(r, EXP2_TAIL), 1), integer);
}

/**
 * x to the power y, with C's and NumPy's special values: 1 for y = 0 or x = 1 even if the other is NaN, NaN for negative x and
 * fractional y, the sign of x for odd y. By a logarithm of twice the precision: within 2 ulp.
 */
export function pow(x: Scalar, y: Scalar): Scalar {
  const size = scalar.abs(x);
  const rising = scalar.lt(scalar.constant(0), y);
  const zero = scalar.eq(size, 0);
  const infinite = scalar.eq(size, Number.POSITIVE_INFINITY);
  const atZero = scalar.select(rising, scalar.constant(0), Number.POSITIVE_INFINITY);
  const atInfinity = scalar.select(rising, scalar.constant(Number.POSITIVE_INFINITY), 0);
  const magnitude = scalar.select(zero, atZero, scalar.select(infinite, atInfinity, positivePower(size, y)));

  const whole = scalar.eq(scalar.floor(y), y);
  const half = scalar.mul(y, 0.5);
  const odd = scalar.and(whole, scalar.ne(scalar.floor(half), half));
  const signBit = scalar.and(scalar.bitcast(x, "i32"), scalar.select(odd, scalar.constant(0x80000000 | 0, "i32"), 0));
  const signed = scalar.bitcast(scalar.or(scalar.bitcast(magnitude, "i32"), signBit), "f32");

  const imaginary = scalar.and(scalar.and(scalar.lt(x, 0), scalar.not(whole)), scalar.not(infinite));
  const unknown = scalar.or(imaginary, scalar.or(scalar.ne(x, x), scalar.ne(y, y)));
  const one = scalar.or(scalar.eq(y, 0), scalar.eq(x, 1));
  return scalar.select(one, 1, scalar.select(unknown, scalar.constant(Number.NaN), signed));
}
