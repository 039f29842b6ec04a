import { nearestMultiple, polynomial } from "./common.ts";
import { type Scalar, scalar } from "./expression.ts";

function quadrant(x: Scalar, shift: number): Scalar {
  const { float, integer } = nearestMultiple(x, 2 / Math.PI);
  let r = x;
  for (const part of PI_HALF) r = scalar.fma(float, -part, r);
  const q = scalar.add(integer, shift);
  const z = scalar.mul(r, r);
  const sine = scalar.fma(scalar.mul(r, z), polynomial(z, [-1 / 6, 1 / 120, -1 / 5040, 1 / 362880]), r);
  const cosine = scalar.fma(scalar.mul(z, z), polynomial(z, [1 / 24, -1 / 720, 1 / 40320, -1 / 3628800]), scalar.fma(z, -0.5, 1));
  const value = scalar.select(scalar.eq(scalar.and(q, 1), 0), sine, cosine);
  const flip = scalar.shl(scalar.and(q, 2), 30);
  return scalar.bitcast(scalar.xor(scalar.bitcast(value, "i32"), flip), "f32");
}

/** pi / 2 in four parts (Cody and Waite). */
const PI_HALF = [1.5703125, 0.00048351287841796875, 3.1385570764541625e-7, 6.077100506506192e-11];

/** Sine of radians. */
export function sin(x: Scalar): Scalar {
  return quadrant(x, 0);
}

/** Cosine of radians. */
export function cos(x: Scalar): Scalar {
  return quadrant(x, 1);
}
