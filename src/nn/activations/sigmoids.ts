import { type Tensor, where } from "../../tensor/index.ts";
import { checkOptions } from "../../util/index.ts";
import { checkFlag } from "../checks.ts";
import { rememberLogits } from "../logits.ts";
import { relu6 } from "./rectifiers.ts";
import { softplus } from "./smooth-rectifiers.ts";

/** 1 / (1 + e^-x). */
export function sigmoid(x: Tensor): Tensor {
  return rememberLogits(x.sigmoid(), "sigmoid", x);
}

/** log(1 / (1 + e^-x)) = -softplus(-x). */
export function logSigmoid(x: Tensor): Tensor {
  return softplus(x.neg()).neg();
}

/** min(max(x + 3, 0), 6) / 6 (Keras 3, PyTorch). */
export function hardSigmoid(x: Tensor): Tensor {
  return relu6(x.add(3)).div(6);
}

/** min(max((x + 1) / 2, 0), 1): the sigmoid of sparsemax (Keras; Martins & Astudillo, 2016). */
export function sparseSigmoid(x: Tensor): Tensor {
  return where(x.less(1), where(x.greater(-1), x.add(1).mul(0.5), 0), 1);
}

/** The hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return x.tanh();
}

/** x / (1 + |x|). */
export function softsign(x: Tensor): Tensor {
  return x.div(x.abs().add(1));
}

export interface GeluOptions {
  /** Use the tanh approximation; default false (Keras, PyTorch). */
  approximate?: boolean;
}

/** x Phi(x), Phi the normal distribution function (Hendrycks & Gimpel, 2016). */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions("gelu", options, ["approximate"]);
  const { approximate = false } = options;
  checkFlag("gelu", "approximate", approximate);
  if (!approximate) return x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5);
  const u = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(u.mul(2).sigmoid()); // (1 + tanh u) / 2 = sigmoid(2u), which keeps its digits where tanh is near -1
}

/** x sigmoid(x) (Elfwing et al., 2017). */
export function silu(x: Tensor): Tensor {
  return x.mul(x.sigmoid());
}

/** Another name of silu (Ramachandran et al., 2017). */
export const swish = silu;

/** x min(max(x + 3, 0), 6) / 6 (Howard et al., "MobileNetV3", 2019; Keras). */
export function hardSilu(x: Tensor): Tensor {
  return x.mul(hardSigmoid(x));
}

/** Another name of hardSilu (Howard et al., 2019; PyTorch). */
export const hardSwish = hardSilu;

/** x tanh(softplus(x)) (Misra, 2019). */
export function mish(x: Tensor): Tensor {
  return x.mul(softplus(x).tanh());
}

/** e^x. */
export function exponential(x: Tensor): Tensor {
  return x.exp();
}
