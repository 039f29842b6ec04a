import type { UpdateFunction } from "./custom.ts";
import { addKnown, type NamedConfig, readOptimizer } from "./known.ts";
import type { Optimizer } from "./optimizer.ts";
import * as factories from "./optimizers.ts";
import * as wrappers from "./wrappers.ts";

addKnown(factories);
addKnown(wrappers); // each needs { optimizer }

/** Name of an optimizer that can be asked for by name. */
export type OptimizerName = keyof typeof factories;

/** Name of what changes another optimizer, `{ kind: "ema", optimizer: "adam" }`. */
export type WrapperName = keyof typeof wrappers;

type Factories = typeof factories & typeof wrappers;

/** An optimizer as JSON: its name and its options, such as { kind: "adam", learningRate: 0.01 }. */
export type OptimizerConfig = {
  [K in keyof Factories]: { readonly kind: K } & NonNullable<Parameters<Factories[K]>[0]>;
}[keyof Factories];

/** Every way to say which optimizer: name, JSON, factory's answer, or a plain update function. */
export type OptimizerLike = OptimizerName | Optimizer | OptimizerConfig | UpdateFunction<never>;

/** Names of the known optimizers. */
export const optimizerNames: readonly string[] = Object.keys(factories);

/** Names of what changes another optimizer. */
export const wrapperNames: readonly string[] = Object.keys(wrappers);

/**
 * Reads an optimizer in any of its forms, JSON of a stranger among them.
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options.
 * @example
 * optimizerFrom("adam").kind; // "adam"
 */
export function optimizerFrom(like: OptimizerLike | NamedConfig): Optimizer {
  return readOptimizer(like, "optimizer");
}

/** True when JSON can hold the optimizer: nothing in it is a plain function. */
export function isSerializable(optimizer: Optimizer): boolean {
  if (optimizer.kind === "custom" || optimizer.learningRate.kind === "custom") return false;
  return optimizer.inner === undefined || isSerializable(optimizer.inner);
}
