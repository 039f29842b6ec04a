import { type AdamOptions, adamConstants, oneMinusPower } from "./adam.ts";
import { defineOptimizer, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link adamax}: `beta2` is the decay of the greatest gradient. */
export type AdamaxOptions = AdamOptions;

/**
 * Adamax (Kingma and Ba, 2015, Algorithm 2): Adam with the greatest gradient of late in place of the second moment.
 *
 *     firstMoment <- beta1 * firstMoment + (1 - beta1) * gradient
 *     greatest    <- max(beta2 * greatest, |gradient| + epsilon)
 *     parameter   <- parameter - learningRate / (1 - beta1^t) * firstMoment / greatest
 *
 * epsilon stands where PyTorch has it (Keras adds it to the greatest gradient in the quotient). Default `learningRate` 0.002
 * (the paper, PyTorch; Keras 0.001).
 *
 * @example
 * model.compile({ optimizer: "adamax", loss: "meanSquaredError" });
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  const all = withDefaults("adamax", options, { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const { beta1, beta2, epsilon } = adamConstants("adamax", all);
  return defineOptimizer({
    kind: "adamax",
    source: "Kingma and Ba, 2015, Algorithm 2",
    options: all,
    slots: { firstMoment: 0, greatest: 0 },
    update({ parameter, gradient, slots, learningRate, step }) {
      const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
      const greatest = slots.greatest.mul(beta2).maximum(gradient.abs().add(epsilon));
      const rate = learningRate.div(oneMinusPower(beta1, step));
      return { parameter: parameter.sub(firstMoment.mul(rate).div(greatest)), slots: { firstMoment, greatest } };
    },
  });
}
