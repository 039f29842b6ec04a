import { type Tensor, where } from "../../tensor/index.ts";
import { checkOptions, fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";

/** x. */
export function linear(x: Tensor): Tensor {
  return x;
}

export interface ReluOptions {
  /** Slope below the threshold; default 0 (Keras). */
  negativeSlope?: number;
  /** The largest value; default: none (Keras). */
  maxValue?: number;
  /** Where the rising part begins; default 0 (Keras). */
  threshold?: number;
}

/** max(x, 0); in general x above `threshold`, negativeSlope (x - threshold) below, at most maxValue (Keras). */
export function relu(x: Tensor, options: ReluOptions = {}): Tensor {
  checkOptions("relu", options, ["negativeSlope", "maxValue", "threshold"]);
  const { negativeSlope = 0, maxValue, threshold = 0 } = options;
  checkNumber("relu", "negativeSlope", negativeSlope);
  checkNumber("relu", "threshold", threshold);
  if (maxValue !== undefined) checkNumber("relu", "maxValue", maxValue, 0);
  const plain = negativeSlope === 0 && threshold === 0;
  const below = negativeSlope === 0 ? 0 : x.sub(threshold).mul(negativeSlope);
  const rising = plain ? x.relu() : where(x.greater(threshold), x, below);
  return maxValue === undefined ? rising : where(x.less(maxValue), rising, maxValue);
}

/** min(max(x, 0), 6) (Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10", 2010). */
export function relu6(x: Tensor): Tensor {
  return x.relu().minimum(6);
}

export interface LeakyReluOptions {
  /** Slope below zero; default 0.2 (keras.activations.leaky_relu). */
  negativeSlope?: number;
}

/** x above zero, negativeSlope x below (Maas et al., 2013). */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkOptions("leakyRelu", options, ["negativeSlope"]);
  const { negativeSlope = 0.2 } = options;
  checkNumber("leakyRelu", "negativeSlope", negativeSlope);
  return where(x.greater(0), x, x.mul(negativeSlope));
}

export interface EluOptions {
  /** Minus the limit far below zero; default 1 (Clevert et al., 2016; Keras). */
  alpha?: number;
}

/** x above zero, alpha (e^x - 1) below (Clevert et al., 2016). */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkOptions("elu", options, ["alpha"]);
  const { alpha = 1 } = options;
  checkNumber("elu", "alpha", alpha);
  const above = x.greater(0);
  return where(above, x, where(above, 0, x).expm1().mul(alpha));
}

/** scale elu(x, alpha), with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017). */
export function selu(x: Tensor): Tensor {
  return elu(x, { alpha: 1.6732632423543772 }).mul(1.0507009873554805);
}

export interface CeluOptions {
  /** Minus the limit far below zero; default 1 (Barron, 2017; Keras, PyTorch). */
  alpha?: number;
}

/** x above zero, alpha (e^(x / alpha) - 1) below: an elu whose slope is continuous for any alpha (Barron, 2017). */
export function celu(x: Tensor, options: CeluOptions = {}): Tensor {
  checkOptions("celu", options, ["alpha"]);
  const { alpha = 1 } = options;
  checkNumber("celu", "alpha", alpha);
  if (alpha === 0) fail("celu got alpha = 0", "a number other than 0");
  const above = x.greater(0);
  return where(above, x, where(above, 0, x).div(alpha).expm1().mul(alpha));
}

export interface HardTanhOptions {
  /** Default -1 (PyTorch). */
  minValue?: number;
  /** Default 1 (PyTorch). */
  maxValue?: number;
}

/** min(max(x, minValue), maxValue) (Collobert, 2004; Keras, PyTorch). */
export function hardTanh(x: Tensor, options: HardTanhOptions = {}): Tensor {
  checkOptions("hardTanh", options, ["minValue", "maxValue"]);
  const { minValue = -1, maxValue = 1 } = options;
  checkNumber("hardTanh", "minValue", minValue);
  checkNumber("hardTanh", "maxValue", maxValue);
  if (minValue >= maxValue) fail(`hardTanh got limits from ${minValue} to ${maxValue}`, "minValue below maxValue");
  return where(x.less(maxValue), where(x.greater(minValue), x, minValue), maxValue);
}

export interface ThresholdOptions {
  /** Default 0 (PyTorch and Keras ask for it). */
  threshold?: number;
  /** What stands where x is not above the threshold; default 0 (PyTorch and Keras ask for it). */
  value?: number;
}

/** x above `threshold`, `value` elsewhere (Keras, PyTorch). */
export function threshold(x: Tensor, options: ThresholdOptions = {}): Tensor {
  checkOptions("threshold", options, ["threshold", "value"]);
  const { threshold = 0, value = 0 } = options;
  checkNumber("threshold", "threshold", threshold);
  checkNumber("threshold", "value", value);
  return where(x.greater(threshold), x, value);
}
