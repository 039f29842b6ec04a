import type { Tensor } from "../tensor/index.ts";

/** The L2 norm of all elements: a scalar. */
export function norm(x: Tensor): Tensor {
  return x.square().sum().sqrt();
}

/** a / b for scalars, or 1 where one of them is 0: the trust ratio of LARS and LAMB. */
export function quotient(a: Tensor, b: Tensor): Tensor {
  const sound = a.greater(0).logicalAnd(b.greater(0));
  return sound.where(a, 1).div(sound.where(b, 1));
}

/** The root of the mean square of all elements: a scalar. */
export function rootMeanSquare(x: Tensor): Tensor {
  return x.square().mean().sqrt();
}
