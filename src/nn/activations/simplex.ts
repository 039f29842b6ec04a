import { stopGradient, type Tensor } from "../../tensor/index.ts";
import { checkOptions, fail, show } from "../../util/index.ts";
import { rememberLogits } from "../logits.ts";

export interface SoftmaxOptions {
  /** The axis that sums to one; default -1 (Keras). */
  axis?: number;
}

function axisOf(where: string, options: SoftmaxOptions): number {
  checkOptions(where, options, ["axis"]);
  const { axis = -1 } = options;
  if (!Number.isInteger(axis)) fail(`${where} got axis = ${show(axis)}`, "a whole number, negative ones from the end");
  return axis;
}

/** e^x / sum of e^x along an axis. */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  const axis = axisOf("softmax", options);
  const probabilities = x.softmax({ axis });
  const overLast = axis === -1 || axis === x.rank - 1;
  return overLast ? rememberLogits(probabilities, "softmax", x) : probabilities;
}

/** x - log of the sum of e^x along an axis. */
export function logSoftmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  return x.logSoftmax({ axis: axisOf("logSoftmax", options) });
}

/** e^-x / sum of e^-x along an axis (PyTorch). */
export function softmin(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  return x.neg().softmax({ axis: axisOf("softmin", options) });
}

/**
 * The point of the simplex nearest to x: max(x - tau, 0) along an axis, with the tau that makes the sum one (Martins & Astudillo, 2016;
 * Keras). Compares all pairs of elements.
 */
export function sparsemax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  const along = axisOf("sparsemax", options);
  const axis = along < 0 ? x.rank + along : along;
  const over = { axis, keepdims: true } as const;
  const z = x.sub(stopGradient(x.max(over))); // a shift changes nothing, but keeps the digits of large numbers
  // z_i > tau exactly when 1 + sum over z_j >= z_i of (z_i - z_j) > 0.
  const surplus = z
    .expandDims(axis + 1)
    .sub(z.expandDims(axis))
    .minimum(0)
    .sum({ axis: axis + 1 });
  const support = surplus.greater(-1).cast("float32");
  const tau = support.mul(z).sum(over).sub(1).div(support.sum(over));
  return support.mul(z.sub(tau));
}
