import { aligned, defineLoss, type Loss } from "./loss.ts";
import {
  CROSSENTROPY,
  type CrossentropyOptions,
  checkCrossentropy,
  logProbabilities,
  smoothed,
} from "./probabilities.ts";

/**
 * -sum over classes of yTrue log p, with yTrue one-hot or any distribution [batch, ..., classes].
 *
 * From logits, given or found behind a final softmax: log p = logSoftmax(z). From other probabilities: they are divided
 * by their sum and clipped to [1e-7, 1 - 1e-7] (Keras).
 *
 * @example
 * const loss = losses.categoricalCrossentropy({ labelSmoothing: 0.1 });
 */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const kind = "categoricalCrossentropy";
  const { fromLogits, labelSmoothing } = checkCrossentropy(kind, options);
  return defineLoss(kind, options, CROSSENTROPY, "distributions", (yTrue, yPred) => {
    const y = smoothed(aligned(yTrue, yPred, kind), labelSmoothing, yPred.shape.at(-1) ?? 1);
    return y
      .mul(logProbabilities(yPred, fromLogits, kind))
      .sum({ axis: -1 })
      .neg();
  });
}
