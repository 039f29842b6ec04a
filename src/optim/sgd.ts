import { fail } from "../util/index.ts";
import { momentum } from "./momentum.ts";
import { nesterov } from "./nesterov.ts";
import {
  type CommonOptions,
  defineOptimizer,
  flagOption,
  numberOption,
  type Optimizer,
  withDefaults,
} from "./optimizer.ts";

/** Options of {@link sgd}. */
export interface SgdOptions extends CommonOptions {
  /** Default 0: plain descent. Above 0 the optimizer is {@link momentum}, or {@link nesterov} when that is asked for. */
  momentum?: number | undefined;
  /** Default false. */
  nesterov?: boolean | undefined;
  /** With momentum: the gradient counts 1 - dampening in the velocity, after the first step; default 0 (PyTorch `SGD`). */
  dampening?: number | undefined;
  /** L2 penalty added to the gradient, `gradient + weightDecay * parameter`; default 0 (PyTorch `SGD`). */
  weightDecay?: number | undefined;
}

/**
 * Stochastic gradient descent (Robbins and Monro, 1951), one step per batch:
 *
 *     parameter <- parameter - learningRate * gradient
 *
 * Default `learningRate` 0.01 (Keras `SGD`).
 *
 * @example
 * model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const defaults = { learningRate: 0.01, weightDecay: 0, momentum: 0, nesterov: false, dampening: 0 };
  const { momentum: mu, nesterov: ahead, dampening, ...rest } = withDefaults("sgd", options, defaults);
  numberOption("sgd", "dampening", dampening, 0, 1);
  flagOption("sgd", "nesterov", ahead);
  if (dampening && (ahead || !mu)) {
    fail(`sgd got dampening ${dampening} ${ahead ? "and nesterov" : "without momentum"}`, "classical momentum with it");
  }
  if (numberOption("sgd", "momentum", mu, 0, 1) > 0) {
    return ahead ? nesterov({ ...rest, momentum: mu }) : momentum({ ...rest, momentum: mu, dampening });
  }
  const weightDecay = numberOption("sgd", "weightDecay", rest.weightDecay, 0);
  return defineOptimizer({
    kind: "sgd",
    source: "Robbins and Monro, 1951",
    options: rest,
    slots: {},
    update({ parameter, gradient, learningRate }) {
      const slope = weightDecay > 0 ? gradient.add(parameter.mul(weightDecay)) : gradient;
      return { parameter: parameter.sub(slope.mul(learningRate)), slots: {} };
    },
  });
}
