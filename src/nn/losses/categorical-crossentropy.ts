import { aligned, defineLoss, type Loss } from "./loss.ts";
import { type CrossentropyOptions, checkCrossentropy, logProbabilities } from "./probabilities.ts";

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
  checkCrossentropy("categoricalCrossentropy", options, ["fromLogits", "labelSmoothing"]);
  const { fromLogits = false, labelSmoothing = 0 } = options;

  return defineLoss("categoricalCrossentropy", options, "distributions", (yTrue, yPred) => {
    const labels = aligned(yTrue, yPred, "categoricalCrossentropy");
    const classes = yPred.shape.at(-1) ?? 1;
    const y = labelSmoothing === 0 ? labels : labels.mul(1 - labelSmoothing).add(labelSmoothing / classes);
    const logP = logProbabilities(yPred, fromLogits, "categoricalCrossentropy");
    return y.mul(logP).sum({ axis: -1 }).neg();
  });
}
