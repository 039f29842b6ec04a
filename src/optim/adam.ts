import type { Tensor } from "../tensor/index.ts";
import {
  type CommonOptions,
  defineOptimizer,
  numberOption,
  type Optimizer,
  type UpdateInput,
  type UpdateOutput,
  withDefaults,
} from "./optimizer.ts";

/** Options of {@link adam}. */
export interface AdamOptions extends CommonOptions {
  /** Decay of the first moment; default 0.9 (the paper, Keras, PyTorch). */
  beta1?: number | undefined;
  /** Decay of the second moment; default 0.999 (the paper, Keras, PyTorch). */
  beta2?: number | undefined;
  /** Keeps the quotient finite; default 1e-8 (the paper, PyTorch; Keras 1e-7 in the paper's other form). */
  epsilon?: number | undefined;
}

/** Adam's two running means. */
export type AdamSlot = "firstMoment" | "secondMoment";

/**
 * Adam (Kingma and Ba, 2015, Algorithm 1), t counting updates from 1:
 *
 *     firstMoment  <- beta1 * firstMoment  + (1 - beta1) * gradient
 *     secondMoment <- beta2 * secondMoment + (1 - beta2) * gradient^2
 *     m = firstMoment  / (1 - beta1^t)
 *     v = secondMoment / (1 - beta2^t)
 *     parameter <- parameter - learningRate * m / (sqrt(v) + epsilon)
 *
 * Default `learningRate` 0.001 (the paper, Keras, PyTorch).
 *
 * @example
 * model.compile({ optimizer: optimizers.adam({ learningRate: 3e-4 }), loss: "meanSquaredError" });
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const all = withDefaults("adam", options, { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const betas = adamConstants("adam", all);
  return defineOptimizer({
    kind: "adam",
    source: "Kingma and Ba, 2015",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0 },
    update: (input) => adamUpdate(input, betas),
  });
}

/** Adam's numbers, checked. */
export function adamConstants(kind: string, all: AdamOptions): { beta1: number; beta2: number; epsilon: number } {
  return {
    beta1: numberOption(kind, "beta1", all.beta1, 0, 1),
    beta2: numberOption(kind, "beta2", all.beta2, 0, 1),
    epsilon: numberOption(kind, "epsilon", all.epsilon, 0),
  };
}

/** The equations of {@link adam}. */
export function adamUpdate(
  { parameter, gradient, slots, learningRate, step }: UpdateInput<AdamSlot>,
  { beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number },
): UpdateOutput<AdamSlot> {
  const firstMoment = slots.firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
  const secondMoment = slots.secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));
  const rate = learningRate.div(oneMinusPower(beta1, step)); // scalars: computed once, not per element
  const spread = oneMinusPower(beta2, step).rsqrt();
  const denominator = secondMoment.sqrt().mul(spread).add(epsilon);
  return { parameter: parameter.sub(firstMoment.mul(rate).div(denominator)), slots: { firstMoment, secondMoment } };
}

/** 1 - beta^step without cancellation: -expm1(step * ln beta). */
export function oneMinusPower(beta: number, step: Tensor): Tensor {
  return beta === 0 ? step.mul(0).add(1) : step.mul(Math.log(beta)).expm1().neg();
}
