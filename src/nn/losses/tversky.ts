import { checkNumber } from "../checks.ts";
import { aligned, defineLoss, type Loss } from "./loss.ts";
import { checkOver, type OverlapOptions, regionSums, withoutPadding } from "./overlap.ts";
import { EPSILON } from "./probabilities.ts";

export interface TverskyOptions extends OverlapOptions {
  /** What a false positive counts; default 0.5 (Keras), as in `dice`. The paper's best: 0.3. */
  alpha?: number;
  /** What a false negative counts; default 0.5 (Keras), as in `dice`. The paper's best: 0.7. */
  beta?: number;
}

/**
 * 1 - TP / (TP + alpha FP + beta FN + 1e-7), with TP = sum(y p), FP = sum((1 - y) p) and FN = sum(y (1 - p)), of each sample
 * (Salehi et al., 2017). Keras sums over the batch as well, `over: "batch"`, and has alpha and beta in each other's place.
 *
 * @example
 * const loss = losses.tversky({ alpha: 0.3, beta: 0.7 }); // rather too much than too little
 */
export function tversky(options: TverskyOptions = {}): Loss {
  const { alpha = 0.5, beta = 0.5, over = "sample" } = options;
  checkNumber("tversky", "alpha", alpha, 0);
  checkNumber("tversky", "beta", beta, 0);
  checkOver("tversky", over);
  const traits = { targets: "probabilities" as const, coupled: over === "batch" };
  return defineLoss("tversky", options, ["alpha", "beta", "over"], traits, (yTrue, yPred, mask) => {
    const { kept, traits } = withoutPadding(mask);
    const [y, p] = [kept(aligned(yTrue, yPred, "tversky")), kept(yPred)];
    const both = regionSums(y.mul(p), over);
    const onlyPredicted = regionSums(y.neg().add(1).mul(p), over);
    const onlyTrue = regionSums(y.mul(p.neg().add(1)), over);
    const whole = both.add(onlyPredicted.mul(alpha)).add(onlyTrue.mul(beta)).add(EPSILON);
    return { losses: both.div(whole).neg().add(1), ...traits };
  });
}
