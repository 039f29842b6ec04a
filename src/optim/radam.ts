import { type AdamOptions, adamConstants, oneMinusPower } from "./adam.ts";
import { defineOptimizer, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link radam}. */
export type RadamOptions = AdamOptions;

/**
 * RAdam (Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020): Adam that adapts only as far as its
 * second moment can be trusted, which makes a warm-up superfluous.
 *
 *     moments as `adam`;  m = firstMoment / (1 - beta1^t)
 *     rhoMax = 2 / (1 - beta2) - 1;  rho = rhoMax - 2 t beta2^t / (1 - beta2^t)
 *     rho > 5:  r = sqrt((rho - 4)(rho - 2) rhoMax / ((rhoMax - 4)(rhoMax - 2) rho))
 *               parameter <- parameter - learningRate * r * m * sqrt(1 - beta2^t) / (sqrt(secondMoment) + epsilon)
 *     else      parameter <- parameter - learningRate * m
 *
 * As PyTorch's `RAdam`. Default `learningRate` 0.001 (PyTorch).
 *
 * @example
 * model.compile({ optimizer: "radam", loss: "meanSquaredError" });
 */
export function radam(options: RadamOptions = {}): Optimizer {
  const all = withDefaults("radam", options, { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const { beta1, beta2, epsilon } = adamConstants("radam", all);
  const rhoMax = 2 / (1 - beta2) - 1;
  return defineOptimizer({
    kind: "radam",
    source: "Liu et al., 2020",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0 },
    update({ parameter, gradient, slots, learningRate, step }) {
      const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
      const secondMoment = slots.secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));
      const trust = oneMinusPower(beta2, step);
      // t beta2^t / (1 - beta2^t) without cancellation of 1 - (1 - beta2^t)
      const rho = trust.sub(1).mul(step).mul(2).div(trust).add(rhoMax);
      const adapts = rho.greater(5);
      const sound = adapts.where(rho, 6); // no root of a negative number in the branch not taken
      const square = sound
        .sub(4)
        .mul(sound.sub(2))
        .div(sound)
        .mul(rhoMax / ((rhoMax - 4) * (rhoMax - 2)));
      const rate = learningRate.div(oneMinusPower(beta1, step));
      const adapted = square.mul(trust).sqrt().div(secondMoment.sqrt().add(epsilon));
      const change = firstMoment.mul(rate).mul(adapts.where(adapted, 1));
      return { parameter: parameter.sub(change), slots: { firstMoment, secondMoment } };
    },
  });
}
