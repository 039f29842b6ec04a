import { fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { aligned, defineLoss, type Loss } from "./loss.ts";
import {
  CROSSENTROPY,
  type CrossentropyOptions,
  checkCrossentropy,
  logProbabilities,
  smoothed,
} from "./probabilities.ts";

export interface CategoricalFocalOptions extends CrossentropyOptions {
  /** How little easy samples count; 0 makes it the cross-entropy times alpha. Default 2 (paper, Keras). */
  gamma?: number;
  /** What every class counts, or one number per class; default 0.25 (Keras). */
  alpha?: number | readonly number[];
}

/**
 * -sum over classes of alpha (1 - p)^gamma yTrue log p (Lin et al., 2017; Keras), with yTrue one-hot or any distribution.
 * Logits as in `categoricalCrossentropy`.
 *
 * @example
 * const loss = losses.categoricalFocalCrossentropy({ alpha: [0.5, 0.25, 0.25] });
 */
export function categoricalFocalCrossentropy(options: CategoricalFocalOptions = {}): Loss {
  const kind = "categoricalFocalCrossentropy";
  const { fromLogits, labelSmoothing } = checkCrossentropy(kind, options);
  const { gamma = 2, alpha = 0.25 } = options;
  checkNumber(kind, "gamma", gamma, 0);
  for (const each of Array.isArray(alpha) ? alpha : [alpha]) checkNumber(kind, "alpha", each, 0);
  return defineLoss(kind, options, [...CROSSENTROPY, "gamma", "alpha"], "distributions", (yTrue, yPred) => {
    const classes = yPred.shape.at(-1) ?? 1;
    if (typeof alpha === "object" && alpha.length !== classes) {
      fail(
        `${kind} got alpha of ${alpha.length} numbers for ${classes} classes`,
        "one number per class, or one number",
      );
    }
    const y = smoothed(aligned(yTrue, yPred, kind), labelSmoothing, classes);
    const logP = logProbabilities(yPred, fromLogits, kind);
    const focus = logP.expm1().neg().pow(gamma); // (1 - p)^gamma
    const terms = y
      .mul(logP)
      .mul(focus)
      .mul(typeof alpha === "object" ? [...alpha] : alpha);
    return terms.sum({ axis: -1 }).neg();
  });
}
