import { type Tensor, where } from "../tensor/index.ts";
import { fail, show } from "../util/index.ts";
import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link ftrl}. */
export interface FtrlOptions extends CommonOptions {
  /** Power of the sum of squares that divides the rate, 0 or less; 0 is a constant rate; default -0.5 (Keras; the paper). */
  learningRatePower?: number | undefined;
  /** What the sum of squares starts from; default 0.1 (Keras). */
  initialAccumulatorValue?: number | undefined;
  /** L1: weights whose gradients have not summed up to more stay 0; default 0 (Keras). */
  l1RegularizationStrength?: number | undefined;
  /** L2 in the problem that each step solves; default 0 (Keras). */
  l2RegularizationStrength?: number | undefined;
  /** L2 of the loss alone, at the weights as they are: shrinkage; default 0 (Keras). */
  l2ShrinkageRegularizationStrength?: number | undefined;
  /** Added to L2, divided by twice the rate; default 0 (Keras; Cheng et al., 2016). */
  beta?: number | undefined;
}

/**
 * FTRL-Proximal (McMahan et al., "Ad Click Prediction", 2013; Keras's Ftrl): follows the regularized leader, so that L1 makes weights exactly 0.
 *
 *     n <- accumulator + gradient^2,  p = learningRatePower,  s the shrinkage
 *     linear    <- linear + gradient + 2 s parameter - (n^-p - accumulator^-p) / learningRate * parameter
 *     parameter <- (clip(linear, -l1, l1) - linear) / ((n^-p + beta) / learningRate + 2 l2)
 *
 * Default `learningRate` 0.001 (Keras). For sparse data of many features.
 *
 * @example
 * model.compile({ optimizer: optimizers.ftrl({ learningRate: 0.1, l1RegularizationStrength: 0.01 }), loss: "binaryCrossentropy" });
 */
export function ftrl(options: FtrlOptions = {}): Optimizer {
  const rates = { learningRate: 0.001, learningRatePower: -0.5, initialAccumulatorValue: 0.1, beta: 0 };
  const strengths = { l1RegularizationStrength: 0, l2RegularizationStrength: 0, l2ShrinkageRegularizationStrength: 0 };
  const all = withDefaults("ftrl", options, { ...rates, ...strengths });
  const given: unknown = all.learningRatePower;
  if (typeof given !== "number" || !(given >= -8 && given <= 0)) {
    fail(`ftrl: learningRatePower is ${show(given)}`, "a number from -8 to 0");
  }
  const power = -given;
  const strength = (name: keyof typeof all) => numberOption("ftrl", name, all[name], 0);
  const [l1, l2] = [strength("l1RegularizationStrength"), strength("l2RegularizationStrength")];
  const shrinkage = strength("l2ShrinkageRegularizationStrength");
  const [initial, beta] = [strength("initialAccumulatorValue"), strength("beta")];
  return defineOptimizer({
    kind: "ftrl",
    source: "McMahan et al., 2013",
    options: all,
    slots: { accumulator: initial, linear: 0 },
    update({ parameter, gradient, slots, learningRate }) {
      const raised = (x: Tensor) => (power === 0.5 ? x.sqrt() : power === 0 ? x.mul(0).add(1) : x.pow(power));
      const accumulator = slots.accumulator.add(gradient.square());
      const shrunk = shrinkage > 0 ? gradient.add(parameter.mul(2 * shrinkage)) : gradient;
      const [root, before] = [raised(accumulator), raised(slots.accumulator)];
      const linear = slots.linear.add(shrunk).sub(root.sub(before).div(learningRate).mul(parameter));
      const quadratic = root
        .add(beta)
        .div(learningRate)
        .add(2 * l2);
      const next = linear.clip(-l1, l1).sub(linear).div(quadratic);
      // Nothing has been seen yet: 0 / 0.
      return { parameter: where(quadratic.greater(0), next, parameter), slots: { accumulator, linear } };
    },
  });
}
