import { givenTensor, type Tensor } from "../tensor/index.ts";
import * as constraints from "./constraints.ts";
import { FactoryRegistry } from "./registry.ts";

type Factories = typeof constraints;

export type ConstraintName = keyof Factories;

/** A name with options, such as { kind: "maxNorm", maxValue: 3 }. */
export type ConstraintConfig = {
  [K in ConstraintName]: Factories[K] extends (options?: infer Options) => constraints.Constraint
    ? { kind: K } & Options
    : never;
}[ConstraintName];

/** Any function of a weight that gives another of its shape. */
export type ConstraintFunction = (weight: Tensor) => Tensor;

/** What an option such as `kernelConstraint` accepts. */
export type ConstraintSpec = ConstraintName | ConstraintConfig | constraints.Constraint | ConstraintFunction;

export const constraintRegistry = new FactoryRegistry<constraints.Constraint, ConstraintFunction>(
  "constraint",
  constraints,
  (project, kind) =>
    Object.assign((weight: Tensor) => givenTensor(project(weight), "the constraint"), { kind, options: {} }),
);

/** The built-in constraints' names. */
export const constraintNames: readonly ConstraintName[] = constraintRegistry.names as ConstraintName[];

/**
 * The constraint that an option stands for.
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options of it.
 */
export function resolveConstraint(spec: ConstraintSpec): constraints.Constraint {
  return constraintRegistry.resolve(spec);
}

/**
 * Names a custom constraint, so that models using it can be saved and loaded; returns it.
 *
 * @example
 * const bounded = registerConstraint("bounded", (weight) => weight.clip(-1, 1));
 */
export function registerConstraint(name: string, constraint: ConstraintFunction): ConstraintFunction {
  constraintRegistry.register(name, constraint);
  return constraint;
}
