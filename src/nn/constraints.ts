import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import { checkNumber } from "./checks.ts";

/** What a weight must fulfill after every update: the weight -> the nearest one that does, of the same shape. */
export interface Constraint {
  (weight: Tensor): Tensor;
  readonly kind: string;
  /** What was given to its factory; written to saved models. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface NormAxisOptions {
  /**
   * The axis or axes along which the lengths of vectors are measured; default 0 (Keras): what flows into one unit of a dense
   * layer. For the filters of a conv2d it is [0, 1, 2].
   */
  axis?: number | readonly number[];
}

export interface MaxNormOptions extends NormAxisOptions {
  /** The greatest length; default 2 (Keras). */
  maxValue?: number;
}

/** w min(|w|, maxValue) / |w|: vectors of at most some length (Srivastava et al., 2014). */
export function maxNorm(options: MaxNormOptions = {}): Constraint {
  checkOptions("maxNorm", options, ["maxValue", "axis"]);
  const { maxValue = 2 } = options;
  checkNumber("maxNorm", "maxValue", maxValue, 0);
  return scaling("maxNorm", options, (length) => length.minimum(maxValue));
}

/** w / |w|: vectors of length 1. */
export function unitNorm(options: NormAxisOptions = {}): Constraint {
  checkOptions("unitNorm", options, ["axis"]);
  return scaling("unitNorm", options, () => 1);
}

export interface MinMaxNormOptions extends NormAxisOptions {
  /** The least length; default 0 (Keras). */
  minValue?: number;
  /** The greatest length; default 1 (Keras). */
  maxValue?: number;
  /** How far each update goes towards such a length; default 1: all the way (Keras). */
  rate?: number;
}

/** w (rate clip(|w|, minValue, maxValue) + (1 - rate) |w|) / |w|: vectors of a length between two limits. */
export function minMaxNorm(options: MinMaxNormOptions = {}): Constraint {
  checkOptions("minMaxNorm", options, ["minValue", "maxValue", "rate", "axis"]);
  const { minValue = 0, maxValue = 1, rate = 1 } = options;
  checkNumber("minMaxNorm", "minValue", minValue, 0);
  checkNumber("minMaxNorm", "maxValue", maxValue, minValue);
  checkNumber("minMaxNorm", "rate", rate, 0, 1);
  return scaling("minMaxNorm", options, (length) =>
    length
      .clip(minValue, maxValue)
      .mul(rate)
      .add(length.mul(1 - rate)),
  );
}

/** max(w, 0). */
export function nonNegative(options: object = {}): Constraint {
  checkOptions("nonNegative", options, []);
  return constraint("nonNegative", options, (weight) => weight.maximum(0));
}

function constraint(kind: string, options: object, project: (weight: Tensor) => Tensor): Constraint {
  return Object.assign((weight: Tensor) => project(weight), { kind, options: { ...options } });
}

/** Gives the vectors along the option `axis` the length that `wanted` says; 1e-7 is added to what divides (Keras). */
function scaling(kind: string, options: NormAxisOptions, wanted: (length: Tensor) => Tensor | number): Constraint {
  const { axis = 0 } = options;
  const axes = typeof axis === "number" ? [axis] : axis;
  if (!Array.isArray(axes) || axes.length === 0 || !axes.every(Number.isInteger)) {
    fail(`${kind} got axis = ${show(axis)}`, "an axis or a list of them, such as [0, 1, 2]");
  }
  return constraint(kind, options, (weight) => {
    const length = weight.square().sum({ axis: axes, keepdims: true }).sqrt();
    return weight.mul(length.add(1e-7).reciprocal().mul(wanted(length)));
  });
}
