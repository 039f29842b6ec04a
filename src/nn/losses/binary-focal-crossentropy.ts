import { checkFlag, checkNumber } from "../checks.ts";
import { aligned, defineLoss, type Loss } from "./loss.ts";
import {
  binaryEntropy,
  binaryLogits,
  CROSSENTROPY,
  type CrossentropyOptions,
  checkCrossentropy,
  smoothed,
} from "./probabilities.ts";

export interface BinaryFocalOptions extends CrossentropyOptions {
  /** How little easy samples count; 0 makes it the binary cross-entropy. Default 2 (paper, Keras). */
  gamma?: number;
  /** Weigh the class 1 by alpha and the class 0 by 1 - alpha; default false (Keras). */
  applyClassBalancing?: boolean;
  /** Default 0.25 (paper, Keras); counts only with applyClassBalancing. */
  alpha?: number;
}

/**
 * (1 - p_t)^gamma times the binary cross-entropy, with p_t = y p + (1 - y)(1 - p), averaged over a sample's outputs
 * (Lin et al., 2017; Keras): samples that are right already count little. Logits as in `binaryCrossentropy`.
 *
 * @example
 * const loss = losses.binaryFocalCrossentropy({ applyClassBalancing: true });
 */
export function binaryFocalCrossentropy(options: BinaryFocalOptions = {}): Loss {
  const kind = "binaryFocalCrossentropy";
  const { fromLogits, labelSmoothing } = checkCrossentropy(kind, options);
  const { gamma = 2, applyClassBalancing = false, alpha = 0.25 } = options;
  checkNumber(kind, "gamma", gamma, 0);
  checkNumber(kind, "alpha", alpha, 0, 1);
  checkFlag(kind, "applyClassBalancing", applyClassBalancing);
  const allowed = [...CROSSENTROPY, "gamma", "applyClassBalancing", "alpha"];
  return defineLoss(kind, options, allowed, "probabilities", (yTrue, yPred) => {
    const y = smoothed(aligned(yTrue, yPred, kind), labelSmoothing, 2);
    const no = y.neg().add(1);
    const z = binaryLogits(yPred, fromLogits, kind);
    // 1 - p_t, without cancellation where the logits are known
    const wrong = z ? y.mul(z.neg().sigmoid()).add(no.mul(z.sigmoid())) : y.mul(yPred.neg().add(1)).add(no.mul(yPred));
    const focal = binaryEntropy(y, yPred, z).mul(wrong.pow(gamma));
    return applyClassBalancing ? focal.mul(y.mul(alpha).add(no.mul(1 - alpha))) : focal;
  });
}
