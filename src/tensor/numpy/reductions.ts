import { isFloat, type Node, ops } from "../../ir/index.ts";
import { product } from "../../util/index.ts";
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

function reduction(name: string, op: (x: Node, axes: readonly number[]) => Node) {
  return (x: Node, { axis, keepdims }: ReduceOptions = {}): Node => {
    const axes = axesOf(x, axis, name);
    return finish(op(ops.cast(x, arithmeticType(x.dtype)), axes), axes, keepdims);
  };
}

export const sum = reduction("sum", ops.sum);
export const max = reduction("max", ops.max);
export const min = reduction("min", ops.min);
export const prod = reduction("prod", ops.prod);

export function mean(x: Node, options: ReduceOptions = {}): Node {
  const count = product(axesOf(x, options.axis, "mean").map((axis) => x.shape[axis]!));
  return binary("mean", ops.mul)(sum(ops.cast(x, "float32"), options), 1 / count);
}

/** Variance by the mean of squared deviations, divided by count - ddof. */
export function variance(x: Node, options: ReduceOptions & { readonly ddof?: number } = {}): Node {
  const axes = axesOf(x, options.axis, "var");
  const values = ops.cast(x, "float32");
  const deviation = binary("var", ops.sub)(values, mean(values, { axis: axes, keepdims: true }));
  const count = product(axes.map((axis) => x.shape[axis]!));
  const squares = sum(ops.mul(deviation, deviation), { axis: axes, keepdims: options.keepdims ?? false });
  return binary("var", ops.mul)(squares, 1 / (count - (options.ddof ?? 0)));
}

export const any = (x: Node, options: ReduceOptions = {}): Node =>
  ops.cast(max(ops.cast(ops.cast(x, "bool"), "int32"), options), "bool");

export const all = (x: Node, options: ReduceOptions = {}): Node =>
  ops.cast(min(ops.cast(ops.cast(x, "bool"), "int32"), options), "bool");

type Winner = { readonly axis?: number; readonly keepdims?: boolean };

export function argmax(x: Node, { axis, keepdims }: Winner = {}): Node {
  const axes = axesOf(x, axis, "argmax");
  return finish(ops.argmax(ops.cast(x, arithmeticType(x.dtype)), axes), axes, keepdims);
}

/** The greatest in reverse order. Integers are reversed by c - x, which reaches all of them; -x would not. */
export function argmin(x: Node, options: Winner = {}): Node {
  const values = ops.cast(x, arithmeticType(x.dtype));
  const reversed = isFloat(values.dtype) ? ops.neg(values) : ops.sub(ops.constantLike(values, -1), values);
  return argmax(reversed, options);
}

/** log(sum(exp(x))), shifted by the maximum so that nothing overflows. */
export function logSumExp(x: Node, options: ReduceOptions = {}): Node {
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

/** exp(x) / sum(exp(x)) along `axis`, without overflow. */
export function softmax(x: Node, axis = -1): Node {
  const along = normalizeAxis(axis, x.shape.length, "softmax");
  const values = ops.cast(x, "float32");
  const greatest = ops.stopGradient(ops.max(values, [along]));
  const powers = ops.exp(ops.sub(values, ops.broadcast(greatest, values.shape)));
  return ops.div(powers, ops.broadcast(ops.sum(powers, [along]), values.shape));
}

/** log(softmax(x)) along `axis`. */
export function logSoftmax(x: Node, axis = -1): Node {
  const along = normalizeAxis(axis, x.shape.length, "logSoftmax");
  const values = ops.cast(x, "float32");
  const greatest = ops.stopGradient(ops.max(values, [along]));
  const shifted = ops.sub(values, ops.broadcast(greatest, values.shape));
  return ops.sub(shifted, ops.broadcast(ops.log(ops.sum(ops.exp(shifted), [along])), values.shape));
}
