import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { hingeOf } from "./signs.ts";

/** max(1 - yTrue yPred, 0), averaged over a sample's outputs; labels -1 and 1, or 0 and 1 (Keras): support vector machines. */
export function hinge(options: LossOptions = {}): Loss {
  return defineLoss("hinge", options, [], "signs", (yTrue, yPred) => hingeOf(yTrue, yPred, "hinge"));
}
