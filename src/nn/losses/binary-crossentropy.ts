import { aligned, defineLoss, type Loss } from "./loss.ts";
import {
  binaryEntropy,
  binaryLogits,
  CROSSENTROPY,
  type CrossentropyOptions,
  checkCrossentropy,
  smoothed,
} from "./probabilities.ts";

/**
 * -(y log p + (1 - y) log(1 - p)), averaged over a sample's outputs, with y = yTrue in [0, 1].
 *
 * From logits z, given or found behind a final sigmoid: max(z, 0) - z y + log(1 + e^-|z|), exact for any z. From other
 * probabilities: p is clipped to [1e-7, 1 - 1e-7] (Keras).
 *
 * @example
 * const loss = losses.binaryCrossentropy({ fromLogits: true });
 */
export function binaryCrossentropy(options: CrossentropyOptions = {}): Loss {
  const kind = "binaryCrossentropy";
  const { fromLogits, labelSmoothing } = checkCrossentropy(kind, options);
  return defineLoss(kind, options, CROSSENTROPY, "probabilities", (yTrue, yPred) => {
    const y = smoothed(aligned(yTrue, yPred, kind), labelSmoothing, 2);
    return binaryEntropy(y, yPred, binaryLogits(yPred, fromLogits, kind));
  });
}
