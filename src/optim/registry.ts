import { fail, show, unknownName } from "../util/index.ts";
import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import { custom, type UpdateFunction } from "./custom.ts";
import { gradientDescent } from "./gradientDescent.ts";
import { momentum } from "./momentum.ts";
import { nesterov } from "./nesterov.ts";
import type { Optimizer } from "./optimizer.ts";
import { rmsprop } from "./rmsprop.ts";
import { sgd } from "./sgd.ts";

const factories = { gradientDescent, sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw };

/** Name of an optimizer that can be asked for by name. */
export type OptimizerName = keyof typeof factories;

/** An optimizer as JSON: its name and its options. */
export type OptimizerConfig = { readonly kind: OptimizerName | (string & {}) } & Readonly<Record<string, unknown>>;

/** Every way to say which optimizer: name, JSON, factory's answer, or a plain update function. */
export type OptimizerLike = OptimizerName | Optimizer | OptimizerConfig | UpdateFunction<never>;

/** Names of the known optimizers. */
export const optimizerNames: readonly string[] = Object.keys(factories);

/**
 * Reads an optimizer in any of its forms.
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options.
 * @example
 * optimizerFrom("adam").kind; // "adam"
 */
export function optimizerFrom(like: OptimizerLike): Optimizer {
  if (typeof like === "string") return factoryOf(like)({});
  if (typeof like === "function") return custom(like);
  if (!like || typeof like !== "object") fail(`optimizer is ${show(like)}`, `one of ${optimizerNames.join(", ")}`);
  if (isOptimizer(like)) return like;
  const { kind, ...options } = like;
  return factoryOf(String(kind))(options);
}

function factoryOf(name: string): (options: object) => Optimizer {
  if (!Object.hasOwn(factories, name)) unknownName("optimizer", name, optimizerNames);
  return factories[name as OptimizerName];
}

function isOptimizer(like: object): like is Optimizer {
  return typeof (like as Partial<Optimizer>).update === "function";
}
