import type { Tensor } from "../tensor/index.ts";

/** The activations that turn logits into probabilities. */
export type ProbabilityKind = "sigmoid" | "softmax";

const origins = new WeakMap<Tensor, { kind: ProbabilityKind; logits: Tensor }>();

/** Remembers that `probabilities` = kind(`logits`), so that a cross-entropy may start from the logits; returns them. */
export function rememberLogits(probabilities: Tensor, kind: ProbabilityKind, logits: Tensor): Tensor {
  origins.set(probabilities, { kind, logits });
  return probabilities;
}

/** The logits that `probabilities` were computed from by that activation, when known. */
export function logitsOf(probabilities: Tensor, kind: ProbabilityKind): Tensor | undefined {
  const origin = origins.get(probabilities);
  return origin?.kind === kind ? origin.logits : undefined;
}

/** The activation that made these probabilities, when known. */
export function probabilityKind(probabilities: Tensor): ProbabilityKind | undefined {
  return origins.get(probabilities)?.kind;
}
