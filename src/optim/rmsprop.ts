import type { Tensor } from "../tensor/index.ts";
import {
  type CommonOptions,
  defineOptimizer,
  flagOption,
  numberOption,
  type Optimizer,
  withDefaults,
} from "./optimizer.ts";

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends CommonOptions {
  /** Part of the mean square that is kept; default 0.9 (Hinton's lecture; Keras; PyTorch 0.99). */
  rho?: number | undefined;
  /** Keeps the quotient finite, added outside the root; default 1e-8 (PyTorch; Keras adds 1e-7 under the root). */
  epsilon?: number | undefined;
  /** Subtract the square of the mean gradient: divide by the standard deviation; default false (Graves, 2013; Keras, PyTorch). */
  centered?: boolean | undefined;
  /** Part of the last velocity that is kept; default 0 (Keras, PyTorch). */
  momentum?: number | undefined;
}

/**
 * RMSprop (Hinton, Coursera lecture 6e, 2012): divides the gradient by a running root mean square of itself.
 *
 *     meanSquare <- rho * meanSquare + (1 - rho) * gradient^2
 *     parameter  <- parameter - learningRate * gradient / (sqrt(meanSquare) + epsilon)
 *
 * `centered` divides by sqrt(meanSquare - meanGradient^2) + epsilon; with `momentum` mu the quotient goes into a velocity first,
 * velocity <- mu * velocity + learningRate * quotient. PyTorch's rules at a constant rate; past steps keep their rates, as in Keras.
 *
 * Default `learningRate` 0.001 (Hinton's lecture; Keras `RMSprop`).
 *
 * @example
 * model.compile({ optimizer: "rmsprop", loss: "meanSquaredError" });
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, rho: 0.9, epsilon: 1e-8, centered: false, momentum: 0 };
  const all = withDefaults("rmsprop", options, defaults);
  const rho = numberOption("rmsprop", "rho", all.rho, 0, 1);
  const epsilon = numberOption("rmsprop", "epsilon", all.epsilon, 0);
  const centered = flagOption("rmsprop", "centered", all.centered);
  const mu = numberOption("rmsprop", "momentum", all.momentum, 0, 1);
  const slots: Record<string, number> = { meanSquare: 0 };
  if (centered) slots["meanGradient"] = 0;
  if (mu > 0) slots["velocity"] = 0;
  return defineOptimizer({
    kind: "rmsprop",
    source: "Hinton, Coursera lecture 6e, 2012; Graves, 2013",
    options: all,
    slots,
    update({ parameter, gradient, slots: { meanSquare: oldSquare, meanGradient: oldMean, velocity }, learningRate }) {
      const meanSquare = (oldSquare as Tensor).mul(rho).add(gradient.square().mul(1 - rho));
      const meanGradient = oldMean?.mul(rho).add(gradient.mul(1 - rho));
      // Rounding may make the variance of a constant gradient negative.
      const spread = meanGradient ? meanSquare.sub(meanGradient.square()).maximum(0) : meanSquare;
      const quotient = gradient.mul(learningRate).div(spread.sqrt().add(epsilon));
      const step = velocity ? velocity.mul(mu).add(quotient) : quotient;
      return {
        parameter: parameter.sub(step),
        slots: { meanSquare, ...(meanGradient && { meanGradient }), ...(velocity && { velocity: step }) },
      };
    },
  });
}
