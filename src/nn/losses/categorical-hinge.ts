import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

/**
 * max(1 + max((1 - yTrue) yPred) - sum(yTrue yPred), 0) over the last axis, with yTrue one-hot (Keras): the score of the true class
 * shall be greater by 1 than the greatest of the others.
 */
export function categoricalHinge(options: LossOptions = {}): Loss {
  return defineLoss("categoricalHinge", options, [], "distributions", (yTrue, yPred) => {
    const y = aligned(yTrue, yPred, "categoricalHinge");
    const own = y.mul(yPred).sum({ axis: -1 });
    const other = y.neg().add(1).mul(yPred).max({ axis: -1 });
    return other.sub(own).add(1).relu();
  });
}
