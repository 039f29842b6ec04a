import type { Tensor } from "../../tensor/index.ts";
import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

/**
 * -(yTrue . yPred) / (|yTrue| |yPred|) over the last axis, from -1, same direction, to 1 (Keras); 0 for vectors of zeros.
 */
export function cosineSimilarity(options: LossOptions = {}): Loss {
  return defineLoss("cosineSimilarity", options, [], "numbers", (yTrue, yPred) => {
    return cosine(aligned(yTrue, yPred, "cosineSimilarity"), yPred).neg();
  });
}

/** (a . b) / (|a| |b|) over the last axis. */
export function cosine(a: Tensor, b: Tensor): Tensor {
  return normalized(a).mul(normalized(b)).sum({ axis: -1 });
}

/** Vectors of length 1; those shorter than 1e-10 are divided by that (Keras's normalize). */
function normalized(x: Tensor): Tensor {
  return x.div(x.square().sum({ axis: -1, keepdims: true }).maximum(1e-20).sqrt());
}
