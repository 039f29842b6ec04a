import { type AdamOptions, adamConstants, oneMinusPower } from "./adam.ts";
import { norm, quotient } from "./norm.ts";
import { defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link lamb}. */
export interface LambOptions extends AdamOptions {
  /** Part of the parameter added to the direction; default 0.01 (the paper; Keras 0). */
  weightDecay?: number | undefined;
}

/**
 * LAMB (You et al., "Large Batch Optimization for Deep Learning", 2020): Adam's direction, for each weight as long as the
 * weight itself.
 *
 *     moments as `adam`
 *     direction = m / (sqrt(v) + epsilon) + weightDecay * parameter
 *     parameter <- parameter - learningRate * |parameter| / |direction| * direction
 *
 * with norms over each weight; where one of them is 0 the quotient is 1. Defaults: `learningRate` 0.001 (Keras), epsilon 1e-6
 * (the paper; Keras 1e-7).
 *
 * @example
 * model.compile({ optimizer: "lamb", loss: "meanSquaredError" });
 */
export function lamb(options: LambOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weightDecay: 0.01 };
  const all = withDefaults("lamb", options, defaults);
  const { beta1, beta2, epsilon } = adamConstants("lamb", all);
  const weightDecay = numberOption("lamb", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "lamb",
    source: "You et al., 2020",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0 },
    reach: "weights",
    update({ parameter, gradient, slots, learningRate, step }) {
      const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
      const secondMoment = slots.secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));
      const m = firstMoment.div(oneMinusPower(beta1, step));
      const root = secondMoment.sqrt().mul(oneMinusPower(beta2, step).rsqrt());
      const direction = m.div(root.add(epsilon)).add(parameter.mul(weightDecay));
      const trust = quotient(norm(parameter), norm(direction));
      return {
        parameter: parameter.sub(direction.mul(trust.mul(learningRate))),
        slots: { firstMoment, secondMoment },
      };
    },
  });
}
