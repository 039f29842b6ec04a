import { givenTensor, type Tensor } from "../tensor/index.ts";
import { FactoryRegistry } from "./registry.ts";
import * as regularizers from "./regularizers.ts";

type Factories = typeof regularizers;

export type RegularizerName = keyof Factories;

/** A name with options, such as { kind: "l2", l2: 0.001 }. */
export type RegularizerConfig = {
  [K in RegularizerName]: Factories[K] extends (options?: infer Options) => regularizers.Regularizer
    ? { kind: K } & Options
    : never;
}[RegularizerName];

/** Any function of a tensor that gives one number. */
export type RegularizerFunction = (x: Tensor) => Tensor;

/** What an option such as `kernelRegularizer` accepts. */
export type RegularizerSpec = RegularizerName | RegularizerConfig | regularizers.Regularizer | RegularizerFunction;

export const regularizerRegistry = new FactoryRegistry<regularizers.Regularizer, RegularizerFunction>(
  "regularizer",
  regularizers,
  (penalty, kind) => Object.assign((x: Tensor) => givenTensor(penalty(x), "the regularizer"), { kind, options: {} }),
);

/** The built-in regularizers' names. */
export const regularizerNames: readonly RegularizerName[] = regularizerRegistry.names as RegularizerName[];

/**
 * The regularizer that an option stands for.
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options of it.
 */
export function resolveRegularizer(spec: RegularizerSpec): regularizers.Regularizer {
  return regularizerRegistry.resolve(spec);
}

/**
 * Names a custom regularizer, so that models using it can be saved and loaded; returns it.
 *
 * @example
 * const sparse = registerRegularizer("sparse", (x) => x.abs().sqrt().sum().mul(0.001));
 */
export function registerRegularizer(name: string, regularizer: RegularizerFunction): RegularizerFunction {
  regularizerRegistry.register(name, regularizer);
  return regularizer;
}
