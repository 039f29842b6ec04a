import { type Tensor, where } from "../tensor/index.ts";

// softplus(x) = log(1 + e^x) = max(x, 0) + log(1 + e^-|x|): no overflow, and small values keep their digits. Written with
// branches instead of max and |x|, so that all derivatives are right at 0 too, where a new network's logits often are.

/** max(x, 0), with slope 1 at 0. */
export function positivePart(x: Tensor): Tensor {
  return where(x.less(0), 0, x);
}

/** log(1 + e^-|x|), with slope -1/2 at 0. */
export function logOnePlusExp(x: Tensor): Tensor {
  return where(x.less(0), x, x.neg()).exp().log1p();
}
