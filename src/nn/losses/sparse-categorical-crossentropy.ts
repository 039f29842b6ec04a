import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape, sameShape } from "../../util/index.ts";
import { defineLoss, type Loss } from "./loss.ts";
import { checkCrossentropy, type LogitsOptions, logProbabilities } from "./probabilities.ts";

/**
 * -log p of the true class; yTrue holds class numbers from 0, [batch, ...] or [batch, ..., 1].
 *
 * From logits, given or found behind a final softmax: log p = logSoftmax(z). From other probabilities: they are divided
 * by their sum and clipped to [1e-7, 1 - 1e-7] (Keras).
 *
 * @example
 * const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
 */
export function sparseCategoricalCrossentropy(options: LogitsOptions = {}): Loss {
  checkCrossentropy("sparseCategoricalCrossentropy", options, ["fromLogits"]);
  const { fromLogits = false } = options;

  return defineLoss("sparseCategoricalCrossentropy", options, "classes", (yTrue, yPred) => {
    const logP = logProbabilities(yPred, fromLogits, "sparseCategoricalCrossentropy");
    return oneHotLabels(yTrue, yPred.shape).mul(logP).sum({ axis: -1 }).neg();
  });
}

/** Class numbers as float32 one-hot rows: [batch, ...] or [batch, ..., 1] -> `predictions` [batch, ..., classes]. */
export function oneHotLabels(yTrue: Tensor, predictions: Shape): Tensor {
  const places = predictions.slice(0, -1);
  if (!sameShape(yTrue.shape, places) && !sameShape(yTrue.shape, [...places, 1])) {
    fail(
      `class numbers of shape ${formatShape(yTrue.shape)} for predictions of shape ${formatShape(predictions)}`,
      `${formatShape(places)} or ${formatShape([...places, 1])}`,
    );
  }
  const labels = yTrue.dtype === "int32" ? yTrue : yTrue.cast("int32");
  return labels
    .reshape([...places])
    .oneHot(predictions.at(-1) ?? 1)
    .cast("float32");
}
