import { logitsOf } from "../logits.ts";
import { logOnePlusExp, positivePart } from "../softplus.ts";
import { aligned, defineLoss, type Loss } from "./loss.ts";
import { type CrossentropyOptions, checkCrossentropy, EPSILON, given } from "./probabilities.ts";

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
  checkCrossentropy("binaryCrossentropy", options, ["fromLogits", "labelSmoothing"]);
  const { fromLogits = false, labelSmoothing = 0 } = options;

  return defineLoss("binaryCrossentropy", options, "probabilities", (yTrue, yPred) => {
    const labels = aligned(yTrue, yPred, "binaryCrossentropy");
    const y = labelSmoothing === 0 ? labels : labels.mul(1 - labelSmoothing).add(labelSmoothing / 2);
    const z = fromLogits ? given(yPred, "binaryCrossentropy") : logitsOf(yPred, "sigmoid");
    if (z) return positivePart(z).sub(z.mul(y)).add(logOnePlusExp(z));
    const p = yPred.clip(EPSILON, 1 - EPSILON);
    return y.mul(p.log()).add(y.neg().add(1).mul(p.neg().log1p())).neg();
  });
}
