import { type Tensor, where } from "../../tensor/index.ts";
import { checkOptions } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";

export interface ShrinkOptions {
  /** Half the width of the part that becomes 0; default 0.5 (Keras, PyTorch). */
  lambda?: number;
}

function lambdaOf(kind: string, options: ShrinkOptions): number {
  checkOptions(kind, options, ["lambda"]);
  const { lambda = 0.5 } = options;
  checkNumber(kind, "lambda", lambda, 0);
  return lambda;
}

/** x where |x| > lambda, 0 elsewhere (Donoho & Johnstone, 1994; Keras, PyTorch). */
export function hardShrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  return where(x.abs().greater(lambdaOf("hardShrink", options)), x, 0);
}

/** sign(x) max(|x| - lambda, 0) (Donoho & Johnstone, 1994; Keras, PyTorch). */
export function softShrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  const lambda = lambdaOf("softShrink", options);
  return where(x.greater(lambda), x.sub(lambda), where(x.less(-lambda), x.add(lambda), 0));
}

/** x - tanh(x) (Keras, PyTorch). */
export function tanhShrink(x: Tensor): Tensor {
  return x.sub(x.tanh());
}
