import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

/** |yTrue - yPred|, averaged over a sample's outputs (Keras; PyTorch's L1Loss). */
export function meanAbsoluteError(options: LossOptions = {}): Loss {
  return defineLoss("meanAbsoluteError", options, [], "numbers", (yTrue, yPred) => {
    return aligned(yTrue, yPred, "meanAbsoluteError").sub(yPred).abs();
  });
}
