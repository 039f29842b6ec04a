import { logOnePlusExp } from "../softplus.ts";
import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

/**
 * log cosh(yPred - yTrue) = |e| + log(1 + e^(-2|e|)) - log 2, averaged over a sample's outputs (Keras): e^2 / 2 for small errors,
 * |e| - log 2 for large ones.
 */
export function logCosh(options: LossOptions = {}): Loss {
  return defineLoss("logCosh", options, [], "numbers", (yTrue, yPred) => {
    const error = yPred.sub(aligned(yTrue, yPred, "logCosh"));
    const size = error.less(0).where(error.neg(), error); // |e|, with slope 1 at 0, which logOnePlusExp takes back
    return size.add(logOnePlusExp(size.mul(2))).sub(Math.LN2);
  });
}
