import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link adagrad}. */
export interface AdagradOptions extends CommonOptions {
  /** What the sum of squares starts from; default 0 (the paper; PyTorch; Keras starts at 0.1). */
  initialAccumulatorValue?: number | undefined;
  /** Keeps the quotient finite; default 1e-10 (PyTorch; Keras 1e-7). */
  epsilon?: number | undefined;
}

/**
 * AdaGrad (Duchi, Hazan and Singer, 2011): each element's rate falls with the gradients it has seen.
 *
 *     accumulator <- accumulator + gradient^2
 *     parameter   <- parameter - learningRate * gradient / (sqrt(accumulator) + epsilon)
 *
 * Default `learningRate` 0.01 (PyTorch `Adagrad`).
 *
 * @example
 * model.compile({ optimizer: optimizers.adagrad({ learningRate: 0.1 }), loss: "meanSquaredError" });
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const defaults = { learningRate: 0.01, initialAccumulatorValue: 0, epsilon: 1e-10 };
  const all = withDefaults("adagrad", options, defaults);
  const epsilon = numberOption("adagrad", "epsilon", all.epsilon, 0);
  const initial = numberOption("adagrad", "initialAccumulatorValue", all.initialAccumulatorValue, 0);
  return defineOptimizer({
    kind: "adagrad",
    source: "Duchi, Hazan and Singer, 2011",
    options: all,
    slots: { accumulator: initial },
    update({ parameter, gradient, slots, learningRate }) {
      const accumulator = slots.accumulator.add(gradient.square());
      const step = gradient.mul(learningRate).div(accumulator.sqrt().add(epsilon));
      return { parameter: parameter.sub(step), slots: { accumulator } };
    },
  });
}
