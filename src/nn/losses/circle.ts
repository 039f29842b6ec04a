import { checkNumber } from "../checks.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { pairsOf } from "./pairs.ts";

export interface CircleOptions extends LossOptions {
  /** Scale; default 80 (Keras). */
  gamma?: number;
  /** Relaxation; default 0.4 (Keras). */
  margin?: number;
}

/**
 * softplus(logsumexp over positives of -g w (m - d) + logsumexp over negatives of g w (1 - m - d)), with cosine distances
 * d, w = max(m + d, 0) for positives and max(1 + m - d, 0) for negatives, m the margin and g gamma (Sun et al., 2020, in Keras's
 * form). yTrue are labels [batch], yPred embeddings of length 1, [batch, features]. Samples without another of their class, or of
 * another class, do not count.
 *
 * @example
 * const loss = losses.circle({ gamma: 64, margin: 0.25 });
 */
export function circle(options: CircleOptions = {}): Loss {
  const { gamma = 80, margin = 0.4 } = options;
  checkNumber("circle", "gamma", gamma, Number.MIN_VALUE);
  checkNumber("circle", "margin", margin, 0, 1);
  const traits = { targets: "labels" as const, coupled: true, targetShape: () => [] };
  return defineLoss("circle", options, ["gamma", "margin"], traits, (yTrue, yPred) => {
    const { positive, negative } = pairsOf(yTrue, yPred, "circle");
    const distance = yPred.matmul(yPred.transpose()).neg().add(1).relu();
    const near = distance.add(margin).relu().mul(distance.sub(margin)).mul(gamma);
    const far = distance
      .neg()
      .add(1 + margin)
      .relu()
      .mul(distance.neg().add(1 - margin))
      .mul(gamma);
    const counted = positive.any({ axis: 1 }).logicalAnd(negative.any({ axis: 1 }));
    // Where nothing is to be summed, 0 stands instead of log 0: the sample does not count.
    const logSum = (values: typeof near, of: typeof positive) => of.where(values, -1e30).logSumExp({ axis: 1 });
    const total = counted.where(logSum(near, positive).add(logSum(far, negative)), 0);
    return { losses: total.softplus(), counted };
  });
}
