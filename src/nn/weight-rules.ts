import type { Tensor } from "../tensor/index.ts";
import { fail, nearest } from "../util/index.ts";
import { type ConstraintSpec, resolveConstraint } from "./constraint-registry.ts";
import type { LayerContext, LayerDefinition, WeightSpec } from "./definition.ts";
import { type RegularizerSpec, resolveRegularizer } from "./regularizer-registry.ts";

/** What may be said of a layer's output and of each of its weights, by the weight's name: `kernelRegularizer`. */
export interface WeightRules {
  /** A penalty on the layer's output, divided by the batch (Keras); default none. */
  activityRegularizer?: RegularizerSpec | undefined;
  /** A penalty on a trainable weight, added to the loss: `kernelRegularizer`, `biasRegularizer`, ...; default none. */
  [regularizer: `${string}Regularizer`]: RegularizerSpec | undefined;
  /** What a weight must fulfill after every update: `kernelConstraint`, `biasConstraint`, ...; default none. */
  [constraint: `${string}Constraint`]: ConstraintSpec | undefined;
}

/** True for `kernelRegularizer` and its like. */
export function isWeightRule(option: string): boolean {
  return /^\w+(Regularizer|Constraint)$/.test(option);
}

type Parts = Pick<LayerDefinition, "weights" | "call" | "callChanged">;

/**
 * A layer's weights with the rules that its options give them, and its call with the penalty on its output.
 *
 * @throws DescentError for unknown regularizers and constraints; from `weights`, for rules of weights that are not there.
 */
export function withRules(options: Readonly<Record<string, unknown>>, { weights, call, callChanged }: Parts): Parts {
  const given = Object.entries(options).filter(([name, value]) => isWeightRule(name) && value !== undefined);
  if (given.length === 0) return { weights, call, callChanged };
  const activity = options["activityRegularizer"] as RegularizerSpec | undefined;
  const penalty = activity === undefined ? undefined : resolveRegularizer(activity);
  const rules = given
    .filter(([name]) => name !== "activityRegularizer")
    .map(([option, spec]) => {
      const [, weight = "", what = ""] = /^(.*)(Regularizer|Constraint)$/.exec(option) ?? [];
      const rule =
        what === "Constraint"
          ? { constraint: resolveConstraint(spec as ConstraintSpec) }
          : { regularizer: resolveRegularizer(spec as RegularizerSpec) };
      return { option, what, weight, rule };
    });
  return {
    weights(inputs) {
      const specs: Record<string, WeightSpec> = { ...weights(inputs) };
      for (const { option, what, weight, rule } of rules) {
        const spec = specs[weight];
        if (spec?.trainable) specs[weight] = { ...spec, ...rule };
        else refuse(option, what, weight, specs);
      }
      return specs;
    },
    call: (inputs, tensors, context) => penalized(call(inputs, tensors, context), context),
    callChanged:
      callChanged &&
      ((inputs, tensors, change, context) => penalized(callChanged(inputs, tensors, change, context), context)),
  };

  function penalized(output: Tensor, { addLoss }: LayerContext): Tensor {
    if (penalty) addLoss(penalty(output).div(output.shape[0] ?? 1), "regularization");
    return output;
  }
}

function refuse(option: string, what: string, weight: string, specs: Readonly<Record<string, WeightSpec>>): never {
  const names = Object.keys(specs).filter((name) => specs[name]?.trainable);
  const near = nearest(weight, names);
  fail(
    `got ${option}, and has no trainable weight "${weight}"`,
    names.length > 0 ? `one of ${names.map((name) => name + what).join(", ")}` : "none: it has no trainable weights",
    near && `did you mean "${near}${what}"?`,
  );
}
