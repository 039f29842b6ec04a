import { type AdamOptions, adamConstants, oneMinusPower } from "./adam.ts";
import { defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";
import { fromStart } from "./start.ts";

/** Options of {@link scheduleFree}; `beta1` is the part of the average in the point where the gradient is taken. */
export interface ScheduleFreeOptions extends AdamOptions {
  /** Part of that point taken away per step, times the learning rate; default 0 (the authors' code). */
  weightDecay?: number | undefined;
}

/**
 * Schedule-free AdamW (Defazio et al., "The Road Less Scheduled", 2024, Algorithm 1): an average takes the place of a falling
 * learning rate. The model's parameters are the average x; the moving sequence z is a slot.
 *
 *     y = (1 - beta1) z + beta1 x                                          the gradient is taken here
 *     secondMoment <- beta2 * secondMoment + (1 - beta2) * gradient^2
 *     z <- z - learningRate * (gradient / (sqrt(secondMoment / (1 - beta2^t)) + epsilon) + weightDecay * y)
 *     weightSum <- weightSum + learningRate^2;   c = learningRate^2 / weightSum
 *     x <- (1 - c) x + c z
 *
 * Default `learningRate` 0.0025 (the authors' code), constant or after a `warmup`; a falling schedule defeats the purpose.
 * evaluate, predict and save see x; moving statistics of batch normalization belong to y.
 *
 * @example
 * model.compile({ optimizer: optimizers.scheduleFree({ learningRate: 0.01 }), loss: "meanSquaredError" });
 */
export function scheduleFree(options: ScheduleFreeOptions = {}): Optimizer {
  const defaults = { learningRate: 0.0025, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  const all = withDefaults("scheduleFree", options, defaults);
  const { beta1, beta2, epsilon } = adamConstants("scheduleFree", all);
  const weightDecay = numberOption("scheduleFree", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "scheduleFree",
    source: "Defazio et al., 2024",
    options: all,
    slots: { z: 0, secondMoment: 0, weightSum: 0 },
    point({ parameter, slots, step }) {
      const z = fromStart(step, parameter, slots.z);
      return z.mul(1 - beta1).add(parameter.mul(beta1));
    },
    update({ parameter, gradient, point, slots, learningRate, step }) {
      const secondMoment = slots.secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));
      const denominator = secondMoment.sqrt().mul(oneMinusPower(beta2, step).rsqrt()).add(epsilon);
      const adapted = gradient.div(denominator);
      const direction = weightDecay > 0 ? adapted.add(point.mul(weightDecay)) : adapted;
      const z = fromStart(step, parameter, slots.z).sub(direction.mul(learningRate));
      const weight = learningRate.square();
      const weightSum = slots.weightSum.add(weight);
      const c = weight.div(weightSum.maximum(1e-37)); // a layer's rate may be 0
      return { parameter: parameter.add(z.sub(parameter).mul(c)), slots: { z, secondMoment, weightSum } };
    },
  });
}
