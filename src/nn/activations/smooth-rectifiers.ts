import { type Tensor, where } from "../../tensor/index.ts";
import { checkOptions, fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { logOnePlusExp, positivePart } from "../softplus.ts";

export interface SoftplusOptions {
  /** Sharpness; default 1 (PyTorch). */
  beta?: number;
}

/** log(1 + e^(beta x)) / beta, beta = 1 (Dugas et al., 2001). */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkOptions("softplus", options, ["beta"]);
  const { beta = 1 } = options;
  checkNumber("softplus", "beta", beta);
  if (beta <= 0) fail(`softplus got beta = ${beta}`, "a number above 0");
  const scaled = beta === 1 ? x : x.mul(beta);
  const y = positivePart(scaled).add(logOnePlusExp(scaled));
  return beta === 1 ? y : y.div(beta);
}

export interface SquareplusOptions {
  /** Size of the bend; default 4, which gives softplus's curvature at 0 (Barron, 2021; Keras). */
  b?: number;
}

/** (x + sqrt(x^2 + b)) / 2, a softplus of algebra only (Barron, 2021; Keras). */
export function squareplus(x: Tensor, options: SquareplusOptions = {}): Tensor {
  checkOptions("squareplus", options, ["b"]);
  const { b = 4 } = options;
  checkNumber("squareplus", "b", b);
  if (b <= 0) fail(`squareplus got b = ${b}`, "a number above 0");
  // Below zero b / (sqrt(x^2 + b) - x), which is the same but for the digits that the difference would lose.
  const above = x.greater(0);
  const low = where(above, 0, x);
  const high = where(above, x, 0);
  const lower = low
    .square()
    .add(b)
    .sqrt()
    .sub(low)
    .reciprocal()
    .mul(b / 2);
  return where(above, high.add(high.square().add(b).sqrt()).mul(0.5), lower);
}

/** 0 below -1, (x + 1)^2 / 4 up to 1, x above: the softplus of sparsemax (Keras; Liu et al., 2022). */
export function sparsePlus(x: Tensor): Tensor {
  return where(x.less(1), where(x.greater(-1), x.add(1).square().mul(0.25), 0), x);
}
