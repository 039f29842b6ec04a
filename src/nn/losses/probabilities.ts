import type { Tensor } from "../../tensor/index.ts";
import { checkOptions, fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { logitsOf, probabilityKind } from "../logits.ts";

export interface LogitsOptions {
  /** The predictions are logits, not probabilities; default false (Keras). Stable either way: see `logitsOf`. */
  fromLogits?: boolean;
}

export interface CrossentropyOptions extends LogitsOptions {
  /** Moves targets this far towards the uniform distribution; default 0 (Keras; Szegedy et al., 2016). */
  labelSmoothing?: number;
}

/** How near to 0 and 1 a probability may come (keras.config.epsilon()). */
export const EPSILON = 1e-7;

/** Checks a cross-entropy's options. */
export function checkCrossentropy(where: string, options: CrossentropyOptions, names: readonly string[]): void {
  checkOptions(where, options, names);
  checkNumber(where, "labelSmoothing", options.labelSmoothing ?? 0, 0, 1);
}

/** Log-probabilities over the last axis: from the logits where they are known, else from probabilities (Keras). */
export function logProbabilities(yPred: Tensor, fromLogits: boolean, where: string): Tensor {
  const logits = fromLogits ? given(yPred, where) : logitsOf(yPred, "softmax");
  if (logits) return logits.logSoftmax({ axis: -1 });
  return yPred
    .div(yPred.sum({ axis: -1, keepdims: true }))
    .clip(EPSILON, 1 - EPSILON)
    .log();
}

/** Predictions that are said to be logits. */
export function given(yPred: Tensor, where: string): Tensor {
  const activation = probabilityKind(yPred);
  if (activation === undefined) return yPred;
  fail(
    `${where} has fromLogits: true, but the predictions come from a ${activation}`,
    "logits",
    `leave fromLogits out (the logits before the ${activation} are used), or end the network with a linear layer`,
  );
}
