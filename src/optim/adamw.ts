import { type AdamOptions, adamConstants, adamUpdate } from "./adam.ts";
import { defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link adamw}. */
export interface AdamwOptions extends AdamOptions {
  /** Part of the parameter taken away per step, times the learning rate; default 0.01 (PyTorch; Keras 0.004). */
  weightDecay?: number | undefined;
}

/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019): Adam after
 *
 *     parameter <- parameter * (1 - learningRate * weightDecay)
 *
 * Defaults as {@link AdamOptions}; `learningRate` 0.001 (PyTorch `AdamW`).
 *
 * @example
 * model.compile({ optimizer: optimizers.adamw({ weightDecay: 0.05 }), loss: "meanSquaredError" });
 */
export function adamw(options: AdamwOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
  const all = withDefaults("adamw", options, defaults);
  const betas = adamConstants("adamw", all);
  const weightDecay = numberOption("adamw", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "adamw",
    source: "Loshchilov and Hutter, 2019",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0 },
    update(input) {
      const kept = input.learningRate.mul(-weightDecay).add(1);
      return adamUpdate({ ...input, parameter: input.parameter.mul(kept) }, betas);
    },
  });
}
