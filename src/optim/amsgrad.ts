import { type AdamOptions, adamConstants, oneMinusPower } from "./adam.ts";
import { defineOptimizer, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link amsgrad}. */
export type AmsgradOptions = AdamOptions;

/**
 * AMSGrad (Reddi, Kale and Kumar, 2018): Adam whose second moment never forgets its greatest value.
 *
 *     firstMoment  <- beta1 * firstMoment  + (1 - beta1) * gradient
 *     secondMoment <- beta2 * secondMoment + (1 - beta2) * gradient^2
 *     greatest     <- max(greatest, secondMoment)
 *     parameter    <- parameter - learningRate * firstMoment / (1 - beta1^t) / (sqrt(greatest / (1 - beta2^t)) + epsilon)
 *
 * As PyTorch's `Adam(amsgrad=True)`; defaults as `adam`, `learningRate` 0.001.
 *
 * @example
 * model.compile({ optimizer: "amsgrad", loss: "meanSquaredError" });
 */
export function amsgrad(options: AmsgradOptions = {}): Optimizer {
  const all = withDefaults("amsgrad", options, { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const { beta1, beta2, epsilon } = adamConstants("amsgrad", all);
  return defineOptimizer({
    kind: "amsgrad",
    source: "Reddi, Kale and Kumar, 2018",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0, greatest: 0 },
    update({ parameter, gradient, slots, learningRate, step }) {
      const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
      const secondMoment = slots.secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));
      const greatest = slots.greatest.maximum(secondMoment);
      const rate = learningRate.div(oneMinusPower(beta1, step));
      const denominator = greatest.sqrt().mul(oneMinusPower(beta2, step).rsqrt()).add(epsilon);
      return {
        parameter: parameter.sub(firstMoment.mul(rate).div(denominator)),
        slots: { firstMoment, secondMoment, greatest },
      };
    },
  });
}
