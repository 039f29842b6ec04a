import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link momentum}. */
export interface MomentumOptions extends CommonOptions {
  /** Part of the last velocity that is kept; default 0.9 (Sutskever et al., 2013; Keras's and PyTorch's examples). */
  momentum?: number | undefined;
  /** L2 penalty added to the gradient; default 0 (PyTorch `SGD`). */
  weightDecay?: number | undefined;
  /** The gradient counts 1 - dampening in the velocity, after the first step; default 0 (PyTorch `SGD`). */
  dampening?: number | undefined;
}

/**
 * Gradient descent with classical momentum (Polyak, 1964), as Sutskever et al. (2013) and Keras `SGD(momentum=...)`:
 *
 *     velocity  <- momentum * velocity - learningRate * gradient
 *     parameter <- parameter + velocity
 *
 * Default `learningRate` 0.01 (Keras `SGD`). At a constant rate the parameters are those of PyTorch's `SGD(momentum=...)`.
 *
 * @example
 * model.compile({ optimizer: optimizers.momentum({ learningRate: 0.05 }), loss: "meanSquaredError" });
 */
export function momentum(options: MomentumOptions = {}): Optimizer {
  const all = withDefaults("momentum", options, { learningRate: 0.01, momentum: 0.9, weightDecay: 0, dampening: 0 });
  const mu = numberOption("momentum", "momentum", all.momentum, 0, 1);
  const weightDecay = numberOption("momentum", "weightDecay", all.weightDecay, 0);
  const dampening = numberOption("momentum", "dampening", all.dampening, 0, 1);
  return defineOptimizer({
    kind: "momentum",
    source: "Polyak, 1964; Sutskever et al., 2013",
    options: all,
    slots: { velocity: 0 },
    update({ parameter, gradient, slots, learningRate, step }) {
      const slope = weightDecay > 0 ? gradient.add(parameter.mul(weightDecay)) : gradient;
      const share = dampening > 0 ? learningRate.mul(step.lessEqual(1).where(1, 1 - dampening)) : learningRate;
      const velocity = slots.velocity.mul(mu).sub(slope.mul(share));
      return { parameter: parameter.add(velocity), slots: { velocity } };
    },
  });
}
