import type { Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import { countOption, type Optimizer } from "./optimizer.ts";
import { defineWrapper, type WrapperOptions, type WrapperRecipe, wrapperOptions } from "./wrapper.ts";

/** Options of {@link gradientAccumulation}. */
export interface GradientAccumulationOptions extends WrapperOptions {
  /** Batches whose mean gradient makes one update. */
  steps: number;
}

/**
 * One update for several batches, with the mean of their gradients (Keras's `gradient_accumulation_steps`): large batches in the
 * memory of small ones.
 *
 *     sum <- sum + gradient / steps
 *     every `steps` steps:  inner step with sum;  sum <- 0
 *
 * The optimizer inside and its learning-rate schedule count updates, not batches. Batches count alike, a smaller last one too.
 *
 * @example
 * const optimizer = optimizers.gradientAccumulation({ optimizer: "adam", steps: 4 });
 */
export function gradientAccumulation(options: GradientAccumulationOptions): Optimizer {
  const kind = "gradientAccumulation";
  const { inner, all } = wrapperOptions(kind, options, { steps: undefined });
  const steps = countOption(kind, "steps", all.steps, 2);
  if (inner.fullBatch)
    fail(`${kind} is around ${inner.kind}, which uses all samples in every step`, "an optimizer of batches");
  /** The number of the update that a batch belongs to, from 1. */
  const updateOf = (step: Tensor) => step.sub(1).div(steps).floor().add(1);
  const { learningRate } = inner;
  const point: NonNullable<WrapperRecipe<"sum">["point"]> = ({ step }, innerPoint) =>
    innerPoint({ step: updateOf(step) });
  return defineWrapper<"sum">({
    kind,
    source: "Keras gradient_accumulation_steps",
    inner,
    options: { steps },
    slots: { sum: 0 },
    changesGradient: true,
    learningRate: { ...learningRate, at: (step) => learningRate.at(Math.floor(step / steps)) },
    ...(inner.point && { point }),
    update({ parameter, gradient, slots, innerSlots, step }, innerStep) {
      const sum = slots.sum.add(gradient.mul(1 / steps));
      const due = step.mod(steps).equal(0);
      const next = innerStep({ gradient: sum, step: updateOf(step) });
      return {
        parameter: due.where(next.parameter, parameter),
        slots: { sum: due.where(0, sum) },
        inner: Object.fromEntries(
          Object.entries(next.slots).map(([name, slot]) => [name, due.where(slot, innerSlots[name] as Tensor)]),
        ),
      };
    },
  });
}
