import { checkNumber } from "../checks.ts";
import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

export interface HuberOptions extends LossOptions {
  /** Where the parabola turns into a line; default 1 (Keras, PyTorch's huber_loss). */
  delta?: number;
}

/**
 * e^2 / 2 for errors |e| up to delta, delta |e| - delta^2 / 2 beyond, averaged over a sample's outputs (Huber, 1964).
 *
 * @example
 * const loss = losses.huber({ delta: 0.5 });
 */
export function huber(options: HuberOptions = {}): Loss {
  const { delta = 1 } = options;
  checkNumber("huber", "delta", delta, Number.MIN_VALUE);
  return defineLoss("huber", options, ["delta"], "numbers", (yTrue, yPred) => {
    const error = aligned(yTrue, yPred, "huber").sub(yPred);
    const within = error.clip(-delta, delta);
    return within.mul(error.sub(within.mul(0.5))); // e e / 2, or +-delta (e -+ delta / 2)
  });
}
