import { arange, type Tensor } from "../tensor/index.ts";
import { type AdamOptions, adamConstants, oneMinusPower } from "./adam.ts";
import { defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link nadam}. */
export interface NadamOptions extends AdamOptions {
  /** Speed at which momentum rises from beta1 / 2 to beta1; default 0.004 (Dozat; PyTorch; Keras has it fixed). */
  momentumDecay?: number | undefined;
}

/**
 * Nadam (Dozat, 2016): Adam with Nesterov's momentum, which itself rises, mu_t = beta1 * (1 - 0.96^(t * momentumDecay) / 2):
 *
 *     firstMoment  <- beta1 * firstMoment  + (1 - beta1) * gradient
 *     secondMoment <- beta2 * secondMoment + (1 - beta2) * gradient^2
 *     m = mu_(t+1) * firstMoment / (1 - mu_1 ... mu_(t+1)) + (1 - mu_t) * gradient / (1 - mu_1 ... mu_t)
 *     parameter <- parameter - learningRate * m / (sqrt(secondMoment / (1 - beta2^t)) + epsilon)
 *
 * As PyTorch's `NAdam`. Default `learningRate` 0.002 (the paper, PyTorch; Keras 0.001).
 *
 * @example
 * model.compile({ optimizer: "nadam", loss: "meanSquaredError" });
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  const defaults = { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004 };
  const all = withDefaults("nadam", options, defaults);
  const { beta1, beta2, epsilon } = adamConstants("nadam", all);
  const decay = numberOption("nadam", "momentumDecay", all.momentumDecay, 0);
  return defineOptimizer({
    kind: "nadam",
    source: "Dozat, 2016",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0 },
    update({ parameter, gradient, slots, learningRate, step }) {
      const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
      const secondMoment = slots.secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));
      const product = momentumProduct(beta1, decay, step);
      const [mu, next] = [momentumAt(beta1, decay, step), momentumAt(beta1, decay, step.add(1))];
      const past = learningRate.mul(next.div(product.mul(next).neg().add(1)));
      const present = learningRate.mul(mu.neg().add(1).div(product.neg().add(1)));
      const denominator = secondMoment.sqrt().mul(oneMinusPower(beta2, step).rsqrt()).add(epsilon);
      const change = firstMoment.mul(past).add(gradient.mul(present)).div(denominator);
      return { parameter: parameter.sub(change), slots: { firstMoment, secondMoment } };
    },
  });
}

/** mu_t, a scalar. */
function momentumAt(beta1: number, decay: number, step: Tensor): Tensor {
  return step
    .mul(decay * Math.log(0.96))
    .exp()
    .mul(-0.5)
    .add(1)
    .mul(beta1);
}

/**
 * mu_1 * ... * mu_t without memory of it. With r = 0.96^decay,
 *
 *     ln = t ln beta1 + sum_k ln(1 - r^k / 2) = t ln beta1 - sum_n (1/2)^n / n * (r^n + r^2n + ... + r^tn),
 *
 * and the inner sums are geometric: r^n (1 - r^nt) / (1 - r^n). 26 terms give float32.
 */
function momentumProduct(beta1: number, decay: number, step: Tensor): Tensor {
  if (beta1 === 0) return step.mul(0);
  if (decay === 0) return step.mul(Math.log(beta1 / 2)).exp();
  const n = arange(1, 27).cast("float32");
  const log = decay * Math.log(0.96);
  const geometric = n.mul(log).exp().mul(n.mul(step).mul(log).expm1()).div(n.mul(log).expm1());
  const sum = n.mul(-Math.LN2).exp().div(n).mul(geometric).sum();
  return step.mul(Math.log(beta1)).sub(sum).exp();
}
