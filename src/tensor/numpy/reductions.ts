import { isFloat, type Node, ops } from "../../ir/index.ts";
import { fail, formatShape, product } from "../../util/index.ts";
import { checkNamed } from "../checks.ts";
import { arithmeticType, binary, normalizeAxis } from "./promote.ts";

/** Which axes a reduction folds, and whether they stay as size 1. */
export interface ReduceOptions {
  /** Axis or axes, negative from the end; all of them when left out. */
  readonly axis?: number | readonly number[];
  /** Keep the folded axes as size 1 (default false, as NumPy). */
  readonly keepdims?: boolean;
}

export function axesOf(x: Node, axis: ReduceOptions["axis"], operation: string): number[] {
  if (axis === undefined) return x.shape.map((_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return [...new Set(list.map((each) => normalizeAxis(each, x.shape.length, operation)))].sort((a, b) => a - b);
}

/** Drops the folded axes unless they are to be kept. */
function finish(reduced: Node, axes: readonly number[], keepdims = false): Node {
  if (keepdims) return reduced;
  return ops.reshape(
    reduced,
    reduced.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

/** Whether folding `axes` folds no elements into each result. */
function foldsNothing(x: Node, axes: readonly number[]): boolean {
  return axes.some((axis) => x.shape[axis] === 0);
}

/** Refuses to choose one of no elements. */
function requireElements(x: Node, axes: readonly number[], name: string): void {
  if (foldsNothing(x, axes)) fail(`${name} of shape ${formatShape(x.shape)} over axes ${axes}`, "at least one element");
}

function reduction(name: string, op: (x: Node, axes: readonly number[]) => Node) {
  return (x: Node, options: ReduceOptions = {}): Node => {
    checkNamed(name, options, ["axis", "keepdims"]);
    const { axis, keepdims } = options;
    const axes = axesOf(x, axis, name);
    if (name === "max" || name === "min") requireElements(x, axes, name);
    return finish(op(ops.cast(x, arithmeticType(x.dtype)), axes), axes, keepdims);
  };
}

export const sum = reduction("sum", ops.sum);
export const max = reduction("max", ops.max);
export const min = reduction("min", ops.min);
export const prod = reduction("prod", ops.prod);

export function mean(x: Node, options: ReduceOptions = {}): Node {
  checkNamed("mean", options, ["axis", "keepdims"]);
  const count = product(axesOf(x, options.axis, "mean").map((axis) => x.shape[axis]!));
  return binary("mean", ops.mul)(sum(ops.cast(x, "float32"), options), 1 / count);
}

/** Variance by the mean of squared deviations, divided by count - ddof. */
export function variance(x: Node, options: ReduceOptions & { readonly ddof?: number } = {}): Node {
  checkNamed("var", options, ["axis", "keepdims", "ddof"]);
  const axes = axesOf(x, options.axis, "var");
  const values = ops.cast(x, "float32");
  const deviation = binary("var", ops.sub)(values, mean(values, { axis: axes, keepdims: true }));
  const count = product(axes.map((axis) => x.shape[axis]!));
  const squares = sum(ops.mul(deviation, deviation), { axis: axes, keepdims: options.keepdims ?? false });
  return binary("var", ops.mul)(squares, 1 / (count - (options.ddof ?? 0)));
}

/** any and all by max and min of truth values as integers; of nothing: false and true. */
function logicalReduction(name: string, fold: typeof max, ofNothing: 0 | 1) {
  return (x: Node, options: ReduceOptions = {}): Node => {
    checkNamed(name, options, ["axis", "keepdims"]);
    const truth = ops.cast(ops.cast(x, "bool"), "int32");
    const nothing = foldsNothing(x, axesOf(x, options.axis, name));
    if (nothing) return ops.cast(binary(name, ops.add)(sum(truth, options), ofNothing), "bool");
    return ops.cast(fold(truth, options), "bool");
  };
}

export const any = logicalReduction("any", max, 0);
export const all = logicalReduction("all", min, 1);

type Winner = { readonly axis?: number; readonly keepdims?: boolean };

export function argmax(x: Node, options: Winner = {}, name = "argmax"): Node {
  checkNamed(name, options, ["axis", "keepdims"]);
  const { axis, keepdims } = options;
  if (Array.isArray(axis)) fail(`${name} got axis ${formatShape(axis)}`, "a single axis, or none for all of them");
  const axes = axesOf(x, axis, name);
  requireElements(x, axes, name);
  return finish(ops.argmax(ops.cast(x, arithmeticType(x.dtype)), axes), axes, keepdims);
}

/** The greatest in reverse order. Integers are reversed by c - x, which reaches all of them; -x would not. */
export function argmin(x: Node, options: Winner = {}): Node {
  const values = ops.cast(x, arithmeticType(x.dtype));
  const reversed = isFloat(values.dtype) ? ops.neg(values) : ops.sub(ops.constantLike(values, -1), values);
  return argmax(reversed, options, "argmin");
}

/** log(sum(exp(x))), shifted by the maximum so that nothing overflows. */
export function logSumExp(x: Node, options: ReduceOptions = {}): Node {
  checkNamed("logSumExp", options, ["axis", "keepdims"]);
  const axes = axesOf(x, options.axis, "logSumExp");
  const values = ops.cast(x, "float32");
  const greatest = ops.stopGradient(max(values, { axis: axes, keepdims: true }));
  const finite = ops.select(
    ops.lt(ops.abs(greatest), ops.constantLike(greatest, Infinity)),
    greatest,
    ops.constantLike(greatest, 0),
  );
  const total = sum(ops.exp(binary("logSumExp", ops.sub)(values, finite)), { axis: axes, keepdims: true });
  return finish(ops.add(ops.log(total), finite), axes, options.keepdims);
}

type AlongAxis = { readonly axis?: number } | undefined;

function axisOf(x: Node, options: AlongAxis, name: string): number {
  checkNamed(name, options, ["axis"]);
  return normalizeAxis(options?.axis ?? -1, x.shape.length, name);
}

/** exp(x) / sum(exp(x)) along `axis`, without overflow. */
export function softmax(x: Node, options?: AlongAxis): Node {
  const along = axisOf(x, options, "softmax");
  const values = ops.cast(x, "float32");
  const greatest = ops.stopGradient(ops.max(values, [along]));
  const powers = ops.exp(ops.sub(values, ops.broadcast(greatest, values.shape)));
  return ops.div(powers, ops.broadcast(ops.sum(powers, [along]), values.shape));
}

/** log(softmax(x)) along `axis`. */
export function logSoftmax(x: Node, options?: AlongAxis): Node {
  const along = axisOf(x, options, "logSoftmax");
  const values = ops.cast(x, "float32");
  const greatest = ops.stopGradient(ops.max(values, [along]));
  const shifted = ops.sub(values, ops.broadcast(greatest, values.shape));
  return ops.sub(shifted, ops.broadcast(ops.log(ops.sum(ops.exp(shifted), [along])), values.shape));
}
