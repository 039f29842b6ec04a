import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { EPSILON } from "./probabilities.ts";

/**
 * yPred - yTrue log(yPred + 1e-7), averaged over a sample's outputs: the negative log-likelihood of counts yTrue, without what
 * does not depend on yPred (Keras; PyTorch's PoissonNLLLoss with log_input = False).
 */
export function poisson(options: LossOptions = {}): Loss {
  return defineLoss("poisson", options, [], "numbers", (yTrue, yPred) => {
    return yPred.sub(aligned(yTrue, yPred, "poisson").mul(yPred.add(EPSILON).log()));
  });
}
