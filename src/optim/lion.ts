import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link lion}. */
export interface LionOptions extends CommonOptions {
  /** Part of the momentum in the direction of a step; default 0.9 (the paper, Keras). */
  beta1?: number | undefined;
  /** Part of the momentum that is kept; default 0.99 (the paper, Keras). */
  beta2?: number | undefined;
  /** Part of the parameter taken away per step, times the learning rate; default 0 (the paper's code). */
  weightDecay?: number | undefined;
}

/**
 * Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023): steps of one size, by the sign alone.
 *
 *     direction <- sign(beta1 * momentum + (1 - beta1) * gradient)
 *     parameter <- parameter - learningRate * (direction + weightDecay * parameter)
 *     momentum  <- beta2 * momentum + (1 - beta2) * gradient
 *
 * Default `learningRate` 0.0001 (the paper's code; Keras 0.001): three to ten times less than Adam's.
 *
 * @example
 * model.compile({ optimizer: optimizers.lion({ weightDecay: 0.1 }), loss: "meanSquaredError" });
 */
export function lion(options: LionOptions = {}): Optimizer {
  const all = withDefaults("lion", options, { learningRate: 0.0001, beta1: 0.9, beta2: 0.99, weightDecay: 0 });
  const beta1 = numberOption("lion", "beta1", all.beta1, 0, 1);
  const beta2 = numberOption("lion", "beta2", all.beta2, 0, 1);
  const weightDecay = numberOption("lion", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "lion",
    source: "Chen et al., 2023",
    options: all,
    slots: { momentum: 0 },
    update({ parameter, gradient, slots, learningRate }) {
      const direction = slots.momentum
        .mul(beta1)
        .add(gradient.mul(1 - beta1))
        .sign();
      const change = weightDecay > 0 ? direction.add(parameter.mul(weightDecay)) : direction;
      return {
        parameter: parameter.sub(change.mul(learningRate)),
        slots: { momentum: slots.momentum.mul(beta2).add(gradient.mul(1 - beta2)) },
      };
    },
  });
}
