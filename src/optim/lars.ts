import { norm, quotient } from "./norm.ts";
import {
  type CommonOptions,
  defineOptimizer,
  flagOption,
  numberOption,
  type Optimizer,
  withDefaults,
} from "./optimizer.ts";

/** Options of {@link lars}. */
export interface LarsOptions extends CommonOptions {
  /** Part of the last velocity that is kept; default 0.9 (the paper). */
  momentum?: number | undefined;
  /** Length of a step as a part of the weight's own; default 0.001 (the paper). */
  trust?: number | undefined;
  /** L2 penalty added to the gradient; default 0.0005 (the paper). */
  weightDecay?: number | undefined;
  /**
   * Scale and decay weights of less than two axes (biases, scales of normalizations) too; default false, as in later practice
   * (SimCLR, MLPerf). True is the paper's rule.
   */
  vectors?: boolean | undefined;
}

/**
 * LARS (You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017): momentum whose step is for each
 * weight a part of the weight's own length.
 *
 *     local     = trust * |parameter| / (|gradient| + weightDecay * |parameter|)
 *     velocity  <- momentum * velocity + learningRate * local * (gradient + weightDecay * parameter)
 *     parameter <- parameter - velocity
 *
 * with norms over each weight; a weight or gradient of length 0 has local = 1. Default `learningRate` 0.1.
 *
 * @example
 * model.compile({ optimizer: optimizers.lars({ learningRate: 2 }), loss: "meanSquaredError" });
 */
export function lars(options: LarsOptions = {}): Optimizer {
  const defaults = { learningRate: 0.1, momentum: 0.9, trust: 0.001, weightDecay: 0.0005, vectors: false };
  const all = withDefaults("lars", options, defaults);
  const mu = numberOption("lars", "momentum", all.momentum, 0, 1);
  const trust = numberOption("lars", "trust", all.trust, 0);
  const weightDecay = numberOption("lars", "weightDecay", all.weightDecay, 0);
  const vectors = flagOption("lars", "vectors", all.vectors);
  return defineOptimizer({
    kind: "lars",
    source: "You, Gitman and Ginsburg, 2017",
    options: all,
    slots: { velocity: 0 },
    reach: "weights",
    update({ parameter, gradient, slots, learningRate }) {
      const adapts = vectors || parameter.rank > 1;
      const length = norm(parameter);
      const slope = adapts ? gradient.add(parameter.mul(weightDecay)) : gradient;
      const size = norm(gradient);
      const whole = size.greater(0).where(size.add(length.mul(weightDecay)), 0);
      const ratio = quotient(length, whole);
      // quotient's 1 stands for a ratio that can't be formed: no trust then
      const local = length.greater(0).logicalAnd(size.greater(0)).where(ratio.mul(trust), 1);
      const rate = adapts ? learningRate.mul(local) : learningRate;
      const velocity = slots.velocity.mul(mu).add(slope.mul(rate));
      return { parameter: parameter.sub(velocity), slots: { velocity } };
    },
  });
}
