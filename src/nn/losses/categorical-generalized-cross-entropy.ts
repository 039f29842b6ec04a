import { checkNumber } from "../checks.ts";
import { logitsOf } from "../logits.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { EPSILON } from "./probabilities.ts";
import { oneHotLabels } from "./sparse-categorical-crossentropy.ts";

export interface GeneralizedCrossEntropyOptions extends LossOptions {
  /** Near 0 like the cross-entropy, at 1 the mean absolute error; default 0.5 (Keras; the paper used 0.7). */
  q?: number;
}

/**
 * (1 - p^q) / q with the probability p of the true class, a class number (Zhang & Sabuncu, 2018; Keras): learns less from
 * labels that are likely wrong. From the logits where they are found behind a final softmax.
 *
 * @example
 * const loss = losses.categoricalGeneralizedCrossEntropy({ q: 0.7 });
 */
export function categoricalGeneralizedCrossEntropy(options: GeneralizedCrossEntropyOptions = {}): Loss {
  const kind = "categoricalGeneralizedCrossEntropy";
  const { q = 0.5 } = options;
  checkNumber(kind, "q", q, Number.MIN_VALUE, 1);
  return defineLoss(kind, options, ["q"], "classes", (yTrue, yPred) => {
    const logits = logitsOf(yPred, "softmax");
    const logP = logits ? logits.logSoftmax({ axis: -1 }) : yPred.clip(EPSILON, 1).log();
    const own = oneHotLabels(yTrue, yPred.shape).mul(logP).sum({ axis: -1 });
    return own
      .mul(q)
      .expm1()
      .mul(-1 / q);
  });
}
