import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { EPSILON } from "./probabilities.ts";

/**
 * sum over the last axis of yTrue log(yTrue / yPred), both distributions and clipped to [1e-7, 1] (Kullback & Leibler, 1951;
 * Keras).
 */
export function klDivergence(options: LossOptions = {}): Loss {
  return defineLoss("klDivergence", options, [], "distributions", (yTrue, yPred) => {
    const y = aligned(yTrue, yPred, "klDivergence").clip(EPSILON, 1);
    return y.mul(y.log().sub(yPred.clip(EPSILON, 1).log())).sum({ axis: -1 });
  });
}
