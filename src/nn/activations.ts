import { type Tensor, where } from "../tensor/index.ts";
import { checkOptions } from "../util/index.ts";
import { checkNumber } from "./checks.ts";
import { rememberLogits } from "./logits.ts";
import { logOnePlusExp, positivePart } from "./softplus.ts";

/** x. */
export function linear(x: Tensor): Tensor {
  return x;
}

/** max(x, 0). */
export function relu(x: Tensor): Tensor {
  return x.relu();
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

/** x above zero, alpha (e^x - 1) below. */
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

export interface GeluOptions {
  /** Use the tanh approximation; default false (Keras, PyTorch). */
  approximate?: boolean;
}

/** x Phi(x), Phi the normal distribution function (Hendrycks & Gimpel, 2016). */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions("gelu", options, ["approximate"]);
  if (!options.approximate) return x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5);
  const u = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(u.mul(2).sigmoid()); // (1 + tanh u) / 2 = sigmoid(2u), which keeps its digits where tanh is near -1
}

/** x sigmoid(x) (Elfwing et al., 2017). */
export function silu(x: Tensor): Tensor {
  return x.mul(x.sigmoid());
}

/** Another name of silu (Ramachandran et al., 2017). */
export const swish = silu;

/** log(1 + e^x). */
export function softplus(x: Tensor): Tensor {
  return positivePart(x).add(logOnePlusExp(x));
}

/** x / (1 + |x|). */
export function softsign(x: Tensor): Tensor {
  return x.div(x.abs().add(1));
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: Tensor): Tensor {
  return rememberLogits(x.sigmoid(), "sigmoid", x);
}

/** min(max(x + 3, 0), 6) / 6 (Keras 3, PyTorch). */
export function hardSigmoid(x: Tensor): Tensor {
  return relu6(x.add(3)).div(6);
}

/** The hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return x.tanh();
}

export interface SoftmaxOptions {
  /** The axis that sums to one; default -1 (Keras). */
  axis?: number;
}

/** e^x / sum of e^x along an axis. */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  checkOptions("softmax", options, ["axis"]);
  const { axis = -1 } = options;
  const probabilities = x.softmax({ axis });
  const overLast = axis === -1 || axis === x.rank - 1;
  return overLast ? rememberLogits(probabilities, "softmax", x) : probabilities;
}

/** x - log of the sum of e^x along an axis. */
export function logSoftmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  checkOptions("logSoftmax", options, ["axis"]);
  return x.logSoftmax({ axis: options.axis ?? -1 });
}

/** x tanh(softplus(x)) (Misra, 2019). */
export function mish(x: Tensor): Tensor {
  return x.mul(softplus(x).tanh());
}

/** e^x. */
export function exponential(x: Tensor): Tensor {
  return x.exp();
}
