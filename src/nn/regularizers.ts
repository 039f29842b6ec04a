import { eye, type Tensor } from "../tensor/index.ts";
import { checkOptions, fail, formatShape } from "../util/index.ts";
import { checkNumber, checkWord } from "./checks.ts";

/** A penalty on a weight or a layer's output: a tensor -> one number. */
export interface Regularizer {
  (x: Tensor): Tensor;
  readonly kind: string;
  /** What was given to its factory; written to saved models. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface L1Options {
  /** Default 0.01 (Keras). */
  l1?: number;
}

/** l1 sum(|x|): draws small values to zero (Tibshirani, 1996). */
export function l1(options: L1Options = {}): Regularizer {
  const { l1: factor } = checked("l1", options, { l1: 0.01 });
  return regularizer("l1", options, (x) => x.abs().sum().mul(factor));
}

export interface L2Options {
  /** Default 0.01 (Keras). */
  l2?: number;
}

/** l2 sum(x^2), without a half (Hoerl & Kennard, 1970; as Keras). */
export function l2(options: L2Options = {}): Regularizer {
  const { l2: factor } = checked("l2", options, { l2: 0.01 });
  return regularizer("l2", options, (x) => x.square().sum().mul(factor));
}

export interface L1L2Options {
  /** Default 0 (Keras). */
  l1?: number;
  /** Default 0 (Keras). */
  l2?: number;
}

/** l1 sum(|x|) + l2 sum(x^2): the elastic net (Zou & Hastie, 2005). */
export function l1l2(options: L1L2Options = {}): Regularizer {
  const factors = checked("l1l2", options, { l1: 0, l2: 0 });
  return regularizer("l1l2", options, (x) => x.abs().sum().mul(factors.l1).add(x.square().sum().mul(factors.l2)));
}

export interface OrthogonalRegularizerOptions {
  /** Default 0.01 (Keras). */
  factor?: number;
  /** Which vectors shall be orthogonal; default "rows" (Keras). */
  mode?: "rows" | "columns";
}

/**
 * factor times the mean of |cos| of the angles between all pairs of rows (or columns) of a matrix (Keras's
 * OrthogonalRegularizer). All axes but the last count as rows.
 */
export function orthogonal(options: OrthogonalRegularizerOptions = {}): Regularizer {
  checkOptions("orthogonal", options, ["factor", "mode"]);
  const { factor = 0.01, mode = "rows" } = options;
  checkNumber("orthogonal", "factor", factor, 0);
  checkWord("orthogonal", "mode", mode, ["rows", "columns"]);
  return regularizer("orthogonal", options, (x) => {
    if (x.rank < 2)
      fail(`the orthogonal regularizer got a weight of shape ${formatShape(x.shape)}`, "at least two axes");
    const matrix = x.reshape([-1, x.shape.at(-1) ?? 1]);
    const vectors = mode === "rows" ? matrix : matrix.transpose(); // [count, size]
    const length = vectors.square().sum({ axis: 1, keepdims: true }).maximum(1e-14).rsqrt();
    const units = vectors.mul(length);
    const [count = 1] = units.shape;
    const cosines = units.matmul(units.transpose()).mul(eye(count).neg().add(1)).abs();
    return cosines.sum().mul(factor / Math.max(1, count * (count - 1)));
  });
}

function regularizer(kind: string, options: object, penalty: (x: Tensor) => Tensor): Regularizer {
  return Object.assign((x: Tensor) => penalty(x), { kind, options: { ...options } });
}

/** Factors of 0 or more, over their defaults. */
function checked<T extends Record<string, number>>(kind: string, options: { [K in keyof T]?: number }, defaults: T): T {
  checkOptions(kind, options, Object.keys(defaults));
  const all = { ...defaults, ...options };
  for (const [name, value] of Object.entries(all)) checkNumber(kind, name, value, 0);
  return all;
}
