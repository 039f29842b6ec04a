import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

/** (yTrue - yPred)^2, averaged over a sample's outputs (Keras, PyTorch). */
export function meanSquaredError(options: LossOptions = {}): Loss {
  return defineLoss("meanSquaredError", options, [], "numbers", (yTrue, yPred) => {
    return aligned(yTrue, yPred, "meanSquaredError").sub(yPred).square();
  });
}
