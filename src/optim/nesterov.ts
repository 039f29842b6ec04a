import type { MomentumOptions } from "./momentum.ts";
import { defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link nesterov}. */
export type NesterovOptions = Omit<MomentumOptions, "dampening">;

/**
 * Nesterov's accelerated gradient (1983) in the form of Sutskever et al. (2013) and Keras `SGD(nesterov=True)`, where
 * `parameter` already stands at the point looked ahead to:
 *
 *     velocity  <- momentum * velocity - learningRate * gradient
 *     parameter <- parameter + momentum * velocity - learningRate * gradient
 *
 * Defaults: `learningRate` 0.01 (Keras `SGD`), `momentum` 0.9 (Sutskever et al.).
 * At a constant rate the parameters are those of PyTorch's `SGD(nesterov=True)`.
 *
 * @example
 * model.compile({ optimizer: "nesterov", loss: "meanSquaredError" });
 */
export function nesterov(options: NesterovOptions = {}): Optimizer {
  const all = withDefaults("nesterov", options, { learningRate: 0.01, momentum: 0.9, weightDecay: 0 });
  const mu = numberOption("nesterov", "momentum", all.momentum, 0, 1);
  const weightDecay = numberOption("nesterov", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "nesterov",
    source: "Nesterov, 1983; Sutskever et al., 2013",
    options: all,
    slots: { velocity: 0 },
    update({ parameter, gradient, slots, learningRate }) {
      const slope = weightDecay > 0 ? gradient.add(parameter.mul(weightDecay)) : gradient;
      const descent = slope.mul(learningRate);
      const velocity = slots.velocity.mul(mu).sub(descent);
      return { parameter: parameter.add(velocity.mul(mu)).sub(descent), slots: { velocity } };
    },
  });
}
