import { checkNumber } from "../checks.ts";
import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

export interface ContrastiveOptions extends LossOptions {
  /** How far apart pairs of different kinds shall be; default 1 (TensorFlow Addons). */
  margin?: number;
}

/**
 * y d^2 + (1 - y) max(margin - d, 0)^2, averaged over a sample's outputs, with yPred the distance d of a pair and yTrue 1 for pairs
 * that belong together (Hadsell et al., 2006; TensorFlow Addons).
 *
 * @example
 * const loss = losses.contrastive({ margin: 2 });
 */
export function contrastive(options: ContrastiveOptions = {}): Loss {
  const { margin = 1 } = options;
  checkNumber("contrastive", "margin", margin, 0);
  return defineLoss("contrastive", options, ["margin"], "probabilities", (yTrue, yPred) => {
    const y = aligned(yTrue, yPred, "contrastive");
    const near = y.mul(yPred.square());
    return near.add(y.neg().add(1).mul(yPred.neg().add(margin).relu().square()));
  });
}
