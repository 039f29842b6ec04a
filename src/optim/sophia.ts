import { gradients } from "../tensor/index.ts";
import { invariant } from "../util/index.ts";
import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link sophia}. */
export interface SophiaOptions extends CommonOptions {
  /** Decay of the first moment; default 0.96 (the paper). */
  beta1?: number | undefined;
  /** Decay of the curvature; default 0.99 (the paper). */
  beta2?: number | undefined;
  /** What the curvature is multiplied by: the smaller, the more elements take the step's full length; default 0.01 (the paper). */
  gamma?: number | undefined;
  /** Least curvature that is divided by; default 1e-12 (the paper). */
  epsilon?: number | undefined;
  /** Part of the parameter taken away per step, times the learning rate; default 0.2 (the paper). */
  weightDecay?: number | undefined;
}

/**
 * Sophia-H (Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer", 2023): a diagonal of the Hessian by Hutchinson's
 * estimate, u random signs, and steps of at most `learningRate` in each element.
 *
 *     curvature   <- beta2 * curvature + (1 - beta2) * u * (Hessian u)
 *     firstMoment <- beta1 * firstMoment + (1 - beta1) * gradient
 *     parameter   <- parameter * (1 - learningRate * weightDecay)
 *                    - learningRate * clip(firstMoment / max(gamma * curvature, epsilon), -1, 1)
 *
 * The Hessian times u is the gradient of gradient * u. A compiled step does the same every time, so the estimate is made in every
 * step (the paper: every 10th), which costs about as much as two steps more. Default `learningRate` 0.0001 (about half of AdamW's in the
 * paper).
 *
 * @example
 * model.compile({ optimizer: optimizers.sophia({ learningRate: 0.001 }), loss: "meanSquaredError" });
 */
export function sophia(options: SophiaOptions = {}): Optimizer {
  const defaults = { learningRate: 0.0001, beta1: 0.96, beta2: 0.99, gamma: 0.01, epsilon: 1e-12, weightDecay: 0.2 };
  const all = withDefaults("sophia", options, defaults);
  const beta1 = numberOption("sophia", "beta1", all.beta1, 0, 1);
  const beta2 = numberOption("sophia", "beta2", all.beta2, 0, 1);
  const gamma = numberOption("sophia", "gamma", all.gamma, Number.MIN_VALUE);
  const epsilon = numberOption("sophia", "epsilon", all.epsilon, Number.MIN_VALUE);
  const weightDecay = numberOption("sophia", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "sophia",
    source: "Liu et al., 2023",
    options: all,
    slots: { firstMoment: 0, curvature: 0 },
    reach: "model",
    looksAgain: true,
    update({ parameter, gradient, slots, learningRate, point, gradientAt, key }) {
      invariant(key, "sophia without random numbers");
      const signs = key.fold(0x50f1a).bernoulli(0.5, parameter.shape).cast("float32").mul(2).sub(1);
      const [product] = gradients(gradientAt(point).mul(signs).sum(), [point]);
      invariant(product, "a gradient of one tensor");
      const curvature = slots.curvature.mul(beta2).add(product.mul(signs).mul(1 - beta2));
      const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
      const direction = firstMoment.div(curvature.mul(gamma).maximum(epsilon)).clip(-1, 1);
      const kept = parameter.mul(learningRate.mul(-weightDecay).add(1));
      return { parameter: kept.sub(direction.mul(learningRate)), slots: { firstMoment, curvature } };
    },
  });
}
