import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link adadelta}. */
export interface AdadeltaOptions extends CommonOptions {
  /** Part of both running means that is kept; default 0.9 (PyTorch; Keras and the paper 0.95). */
  rho?: number | undefined;
  /** Added under both roots; default 1e-6 (the paper, PyTorch; Keras 1e-7). */
  epsilon?: number | undefined;
}

/**
 * Adadelta (Zeiler, 2012): steps in the parameter's own units, from the running sizes of gradients and of past steps.
 *
 *     meanSquare <- rho * meanSquare + (1 - rho) * gradient^2
 *     change     = sqrt(meanChange + epsilon) / sqrt(meanSquare + epsilon) * gradient
 *     meanChange <- rho * meanChange + (1 - rho) * change^2
 *     parameter  <- parameter - learningRate * change
 *
 * Default `learningRate` 1 (the paper, PyTorch; Keras 0.001).
 *
 * @example
 * model.compile({ optimizer: "adadelta", loss: "meanSquaredError" });
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const all = withDefaults("adadelta", options, { learningRate: 1, rho: 0.9, epsilon: 1e-6 });
  const rho = numberOption("adadelta", "rho", all.rho, 0, 1);
  const epsilon = numberOption("adadelta", "epsilon", all.epsilon, 0);
  return defineOptimizer({
    kind: "adadelta",
    source: "Zeiler, 2012",
    options: all,
    slots: { meanSquare: 0, meanChange: 0 },
    update({ parameter, gradient, slots, learningRate }) {
      const meanSquare = slots.meanSquare.mul(rho).add(gradient.square().mul(1 - rho));
      const change = slots.meanChange.add(epsilon).sqrt().div(meanSquare.add(epsilon).sqrt()).mul(gradient);
      const meanChange = slots.meanChange.mul(rho).add(change.square().mul(1 - rho));
      return { parameter: parameter.sub(change.mul(learningRate)), slots: { meanSquare, meanChange } };
    },
  });
}
