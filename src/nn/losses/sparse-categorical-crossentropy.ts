import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape, sameShape, show } from "../../util/index.ts";
import { defineLoss, type Loss } from "./loss.ts";
import { checkCrossentropy, type LogitsOptions, logProbabilities } from "./probabilities.ts";

export interface SparseCrossentropyOptions extends LogitsOptions {
  /** A label, such as -1 or 255, of places that do not count; default none (Keras; PyTorch's ignore_index). */
  ignoreClass?: number;
}

/**
 * -log p of the true class; yTrue holds class numbers from 0, [batch, ...] or [batch, ..., 1].
 *
 * From logits, given or found behind a final softmax: log p = logSoftmax(z). From other probabilities: they are divided
 * by their sum and clipped to [1e-7, 1 - 1e-7] (Keras). Places of the class `ignoreClass` are left out of sum and count.
 *
 * @example
 * const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
 */
export function sparseCategoricalCrossentropy(options: SparseCrossentropyOptions = {}): Loss {
  const kind = "sparseCategoricalCrossentropy";
  const { fromLogits } = checkCrossentropy(kind, options);
  const { ignoreClass } = options;
  if (ignoreClass !== undefined && !Number.isSafeInteger(ignoreClass)) {
    fail(`${kind} got ignoreClass = ${show(ignoreClass)}`, "a label, an integer");
  }
  return defineLoss(kind, options, ["fromLogits", "ignoreClass"], "classes", (yTrue, yPred) => {
    const logP = logProbabilities(yPred, fromLogits, kind);
    const losses = oneHotLabels(yTrue, yPred.shape).mul(logP).sum({ axis: -1 }).neg();
    if (ignoreClass === undefined) return losses;
    return { losses, counted: yTrue.notEqual(ignoreClass).reshape([...losses.shape]) };
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
