import { givenTensor, type Tensor, zeros } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import * as activations from "./activations/index.ts";
import { Registry } from "./registry.ts";

/** Any function of a tensor that keeps its shape. */
export type ActivationFunction = (x: Tensor) => Tensor;

type Equations = typeof activations;

export type ActivationName = keyof Equations;

/** A name with options, such as { kind: "gelu", approximate: true }. */
export type ActivationConfig = {
  [K in ActivationName]: Equations[K] extends (x: Tensor, options?: infer Options) => Tensor
    ? { kind: K } & Options
    : never;
}[ActivationName];

/** What an `activation` option accepts: a name, a name with options, or a function of a tensor. */
export type ActivationSpec = ActivationName | ActivationConfig | ActivationFunction;

export const activationRegistry = new Registry<(x: Tensor, options?: never) => Tensor>("activation", activations);

/** The built-in activations' names. */
export const activationNames: readonly ActivationName[] = activationRegistry.names as ActivationName[];

/**
 * The function that an activation option stands for; "linear" when left out.
 *
 * @example
 * const gelu = resolveActivation({ kind: "gelu", approximate: true });
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options of it.
 */
export function resolveActivation(spec: ActivationSpec = "linear"): ActivationFunction {
  if (typeof spec === "function") return (x) => givenTensor(spec(x), "activation", x.shape);
  if (typeof spec === "string") return activationRegistry.get(spec);
  if (typeof spec !== "object" || spec === null || typeof spec.kind !== "string") {
    fail(`${show(spec)} is no activation`, 'a name, { kind: "gelu", approximate: true } or a function of a tensor');
  }
  const { kind, ...options } = spec;
  const equation = activationRegistry.get(kind);
  let read = false; // an equation looks at its options, if it has any
  const watched = new Proxy(options, {
    ownKeys(target) {
      read = true;
      return Reflect.ownKeys(target);
    },
    get(target, name) {
      read = true;
      return Reflect.get(target, name);
    },
  });
  equation(zeros([1, 1]), watched as never); // wrong options fail here, not at the first training step
  if (!read) checkOptions(kind, options, []);
  return (x) => equation(x, options as never);
}

/**
 * Names a custom activation, so that models using it can be saved and loaded; returns it.
 *
 * @example
 * const square = registerActivation("square", (x) => x.mul(x));
 */
export function registerActivation(name: string, activation: ActivationFunction): ActivationFunction {
  activationRegistry.register(name, activation);
  return activation;
}
