import type { Tensor } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkFlag, checkNumber } from "../checks.ts";
import { logitsOf, probabilityKind } from "../logits.ts";
import { logOnePlusExp, positivePart } from "../softplus.ts";
import type { LossOptions } from "./loss.ts";

export interface LogitsOptions extends LossOptions {
  /** The predictions are logits, not probabilities; default false (Keras). Stable either way: see `logitsOf`. */
  fromLogits?: boolean;
}

export interface CrossentropyOptions extends LogitsOptions {
  /** Moves targets this far towards the uniform distribution; default 0 (Keras; Szegedy et al., 2016). */
  labelSmoothing?: number;
}

/** How near to 0 and 1 a probability may come (keras.config.epsilon()). */
export const EPSILON = 1e-7;

/** The names of the options that {@link checkCrossentropy} checks. */
export const CROSSENTROPY = ["fromLogits", "labelSmoothing"] as const;

/** Checks a cross-entropy's options and gives their defaults. */
export function checkCrossentropy(
  where: string,
  options: CrossentropyOptions,
): Required<Omit<CrossentropyOptions, "reduction">> {
  const { fromLogits = false, labelSmoothing = 0 } = options;
  checkFlag(where, "fromLogits", fromLogits);
  checkNumber(where, "labelSmoothing", labelSmoothing, 0, 1);
  return { fromLogits, labelSmoothing };
}

/** Labels moved by `amount` towards 1 / classes. */
export function smoothed(labels: Tensor, amount: number, classes: number): Tensor {
  return amount === 0 ? labels : labels.mul(1 - amount).add(amount / classes);
}

/** -(y log p + (1 - y) log(1 - p)) of each element: from the logits where they are known, else from probabilities (Keras). */
export function binaryEntropy(y: Tensor, yPred: Tensor, z: Tensor | undefined): Tensor {
  if (z) return positivePart(z).sub(z.mul(y)).add(logOnePlusExp(z));
  const p = yPred.clip(EPSILON, 1 - EPSILON);
  return y.mul(p.log()).add(y.neg().add(1).mul(p.neg().log1p())).neg();
}

/** The logits of independent probabilities, where they are known. */
export function binaryLogits(yPred: Tensor, fromLogits: boolean, where: string): Tensor | undefined {
  return fromLogits ? given(yPred, where) : logitsOf(yPred, "sigmoid");
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
function given(yPred: Tensor, where: string): Tensor {
  const activation = probabilityKind(yPred);
  if (activation === undefined) return yPred;
  fail(
    `${where} has fromLogits: true, but the predictions come from a ${activation}`,
    "logits",
    `leave fromLogits out (the logits before the ${activation} are used), or end the network with a linear layer`,
  );
}
