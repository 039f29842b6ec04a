import { type CommonOptions, defineOptimizer, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link gradientDescent}. */
export type GradientDescentOptions = CommonOptions;

/**
 * Gradient descent (Cauchy, 1847) over the whole data set: each step uses every sample, so an epoch is one step.
 *
 *     parameter <- parameter - learningRate * gradient
 *
 * `fit` takes the whole data set as its batch and refuses a smaller `batchSize`; use `sgd` for batches.
 * Default `learningRate` 0.01 (Keras `SGD`).
 *
 * @example
 * model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: "meanSquaredError" });
 */
export function gradientDescent(options: GradientDescentOptions = {}): Optimizer {
  return defineOptimizer({
    kind: "gradientDescent",
    source: "Cauchy, 1847",
    options: withDefaults("gradientDescent", options, { learningRate: 0.01 }),
    slots: {},
    fullBatch: true,
    update: ({ parameter, gradient, learningRate }) => ({
      parameter: parameter.sub(gradient.mul(learningRate)),
      slots: {},
    }),
  });
}
