import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { hingeOf } from "./signs.ts";

/** max(1 - yTrue yPred, 0)^2, averaged over a sample's outputs; labels -1 and 1, or 0 and 1 (Keras). */
export function squaredHinge(options: LossOptions = {}): Loss {
  return defineLoss("squaredHinge", options, [], "signs", (yTrue, yPred) => {
    return hingeOf(yTrue, yPred, "squaredHinge").square();
  });
}
