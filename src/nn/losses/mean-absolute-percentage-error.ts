import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { EPSILON } from "./probabilities.ts";

/** 100 |yTrue - yPred| / max(|yTrue|, 1e-7), averaged over a sample's outputs: errors in percent of the truth (Keras). */
export function meanAbsolutePercentageError(options: LossOptions = {}): Loss {
  return defineLoss("meanAbsolutePercentageError", options, [], "numbers", (yTrue, yPred) => {
    const y = aligned(yTrue, yPred, "meanAbsolutePercentageError");
    return y.sub(yPred).div(y.abs().maximum(EPSILON)).abs().mul(100);
  });
}
