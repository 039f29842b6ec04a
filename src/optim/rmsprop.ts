import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends CommonOptions {
  /** Part of the mean square that is kept; default 0.9 (Hinton's lecture; Keras; PyTorch 0.99). */
  rho?: number | undefined;
  /** Keeps the quotient finite, added outside the root; default 1e-8 (PyTorch; Keras adds 1e-7 under the root). */
  epsilon?: number | undefined;
}

/**
 * RMSprop (Hinton, Coursera lecture 6e, 2012): divides the gradient by a running root mean square of itself.
 *
 *     meanSquare <- rho * meanSquare + (1 - rho) * gradient^2
 *     parameter  <- parameter - learningRate * gradient / (sqrt(meanSquare) + epsilon)
 *
 * Default `learningRate` 0.001 (Hinton's lecture; Keras `RMSprop`).
 *
 * @example
 * model.compile({ optimizer: "rmsprop", loss: "meanSquaredError" });
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const all = withDefaults("rmsprop", options, { learningRate: 0.001, rho: 0.9, epsilon: 1e-8 });
  const rho = numberOption("rmsprop", "rho", all.rho, 0, 1);
  const epsilon = numberOption("rmsprop", "epsilon", all.epsilon, 0);
  return defineOptimizer({
    kind: "rmsprop",
    options: all,
    slots: { meanSquare: 0 },
    update({ parameter, gradient, slots, learningRate }) {
      const meanSquare = slots.meanSquare.mul(rho).add(gradient.square().mul(1 - rho));
      const step = gradient.mul(learningRate).div(meanSquare.sqrt().add(epsilon));
      return { parameter: parameter.sub(step), slots: { meanSquare } };
    },
  });
}
