import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { EPSILON } from "./probabilities.ts";

/**
 * (log(1 + yTrue) - log(1 + yPred))^2, averaged over a sample's outputs; both at least 1e-7 (Keras): relative errors of numbers
 * from 0 up.
 */
export function meanSquaredLogarithmicError(options: LossOptions = {}): Loss {
  return defineLoss("meanSquaredLogarithmicError", options, [], "numbers", (yTrue, yPred) => {
    const y = aligned(yTrue, yPred, "meanSquaredLogarithmicError");
    return y.maximum(EPSILON).log1p().sub(yPred.maximum(EPSILON).log1p()).square();
  });
}
