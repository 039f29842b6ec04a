import { type DType, ops } from "../ir/index.ts";
import { fail, formatShape, type Shape, sameShape, show } from "../util/index.ts";
import { checkCount, checkDType, checkNamed, checkShape } from "./checks.ts";
import { type Nested, toNode, typedToNode } from "./convert.ts";
import { evaluateNodes } from "./evaluate.ts";
import { einsum as einsumOf } from "./numpy/einsum.ts";
import * as indexing from "./numpy/indexing.ts";
import type { ConvOptions, ConvTransposeOptions, PoolOptions } from "./numpy/products.ts";
import * as products from "./numpy/products.ts";
import { normalizeAxis } from "./numpy/promote.ts";
import { Tensor, type TensorLike } from "./tensor.ts";

/**
 * A tensor of anything that can stand for one; tensors stay themselves.
 *
 * @example
 * asTensor([1, 2]).add(1); // [2, 3]
 */
export function asTensor(value: TensorLike): Tensor {
  return value instanceof Tensor ? value : new Tensor(toNode(value));
}

/**
 * A tensor from nested arrays, a number, or a typed array with its shape. Arrays of numbers become float32, of booleans bool; typed
 * arrays keep their type (Float64Array becomes float32) and are not copied where it fits.
 *
 * @throws DescentError for ragged arrays and anything that is no number, saying where.
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * const y = tensor(new Int32Array([1, 0]), { shape: [2] });
 */
export function tensor(
  values: Nested | (ArrayBufferView & ArrayLike<number>) | Tensor,
  options: { readonly shape?: Shape; readonly dtype?: DType } = {},
): Tensor {
  checkNamed("tensor", options, ["shape", "dtype"]);
  if (options.dtype !== undefined) checkDType(options.dtype);
  if (values instanceof Tensor) {
    const typed = options.dtype ? values.cast(options.dtype) : values;
    return options.shape ? typed.reshape(options.shape) : typed;
  }
  if (ArrayBuffer.isView(values)) {
    if (!("length" in values)) fail("tensor got a DataView", "a typed array, nested arrays or a number");
    const typed = values as ArrayBufferView & ArrayLike<number>;
    return new Tensor(typedToNode(typed, options.shape ?? [typed.length], options.dtype));
  }
  const node = toNode(values as Nested, options.dtype);
  return options.shape ? new Tensor(node).reshape(options.shape) : new Tensor(node);
}

/**
 * All elements `value`.
 *
 * @example
 * full([2, 2], 7); // [[7, 7], [7, 7]]
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  checkShape("full", shape);
  checkDType(dtype);
  if (typeof value !== "number") fail(`full got the value ${show(value)}`, "a number");
  return new Tensor(ops.constant(value, shape, dtype));
}

/** All elements 0: `zeros([2, 3])`. */
export const zeros = (shape: Shape, dtype: DType = "float32"): Tensor => full(shape, 0, dtype);
/** All elements 1: `ones([2, 3], "int32")`. */
export const ones = (shape: Shape, dtype: DType = "float32"): Tensor => full(shape, 1, dtype);
/** Zeros of x's shape and type. */
export const zerosLike = (x: Tensor): Tensor => full(x.shape, 0, x.dtype);
/** Ones of x's shape and type. */
export const onesLike = (x: Tensor): Tensor => full(x.shape, 1, x.dtype);

/**
 * start, start + step, ... below stop; `arange(n)` counts from 0. int32 when all are integers, else float32.
 *
 * @example
 * arange(3); // [0, 1, 2]
 * arange(1, 2, 0.25); // [1, 1.25, 1.5, 1.75]
 */
export function arange(start: number, stop?: number, step = 1): Tensor {
  const [first, end] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((end - first) / step));
  if (!Number.isSafeInteger(count)) fail(`arange got ${first}, ${end}, ${step}`, "finite numbers, a step other than 0");
  const dtype = [first, step].every(Number.isInteger) ? "int32" : "float32";
  return new Tensor(ops.iota([count], 0, dtype)).mul(step).add(first);
}

/**
 * `count` numbers evenly spaced from start to stop, both included.
 *
 * @example
 * linspace(0, 1, 5); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, stop: number, count: number): Tensor {
  checkCount("linspace", "count", count);
  const values = Float32Array.from({ length: count }, (_, i) => start + ((stop - start) * i) / Math.max(1, count - 1));
  return tensor(values);
}

/**
 * The identity matrix [n, n].
 *
 * @example
 * eye(2); // [[1, 0], [0, 1]]
 */
export function eye(n: number): Tensor {
  checkCount("eye", "n", n);
  return arange(n).oneHot(n);
}

/**
 * `condition ? a : b` element by element, broadcast together.
 *
 * @example
 * const x = tensor([-1, 2]);
 * where(x.greater(0), x, 0); // [0, 2]
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  return asTensor(condition).where(a, b);
}

/**
 * Tensors one after the other along an axis (default 0); the other axes must be equal.
 *
 * @example
 * concatenate([[[1], [2]], [[3]]]); // [[1], [2], [3]]
 */
export function concatenate(list: readonly TensorLike[], options: { readonly axis?: number } = {}): Tensor {
  checkNamed("concatenate", options, ["axis"]);
  return new Tensor(
    indexing.concatenate(
      list.map((each) => asTensor(each).node),
      options.axis,
    ),
  );
}

/**
 * Tensors of one shape along a new axis (default 0).
 *
 * @example
 * stack([[1, 2], [3, 4]], { axis: 1 }); // [[1, 3], [2, 4]]
 */
export function stack(list: readonly TensorLike[], options: { readonly axis?: number } = {}): Tensor {
  checkNamed("stack", options, ["axis"]);
  const { axis = 0 } = options;
  const tensors = list.map(asTensor);
  if (tensors.some(({ shape }) => !sameShape(shape, tensors[0]!.shape))) {
    fail(`stack got shapes ${tensors.map(({ shape }) => formatShape(shape)).join(", ")}`, "equal shapes");
  }
  return new Tensor(
    indexing.concatenate(
      tensors.map((each) => each.expandDims(axis).node),
      axis,
      "stack",
    ),
  );
}

/**
 * Parts along an axis (default 0): a number of equal parts, or the indices at which to cut.
 *
 * @throws DescentError when the axis can't be cut into so many equal parts.
 * @example
 * const [head, tail] = split(arange(5), [2]); // [2] and [3] elements
 */
export function split(
  x: Tensor,
  parts: number | readonly number[],
  options: { readonly axis?: number } = {},
): Tensor[] {
  checkNamed("split", options, ["axis"]);
  const along = normalizeAxis(options.axis ?? 0, x.rank, "split");
  const size = x.shape[along]!;
  for (const each of typeof parts === "number" ? [] : parts) checkCount("split", "an index", each);
  if (typeof parts === "number" && !(parts > 0 && size % parts === 0)) {
    fail(`split of ${formatShape(x.shape)} into ${parts} parts on axis ${along}`, "a divisor of the axis' size");
  }
  const cuts =
    typeof parts === "number" ? Array.from({ length: parts - 1 }, (_, i) => ((i + 1) * size) / parts) : [...parts];
  const bounds = [0, ...cuts, size];
  return bounds.slice(1).map((stop, i) => {
    const ranges = x.shape.map((_, each) => (each === along ? ([bounds[i]!, stop] as const) : null));
    return x.slice(...ranges);
  });
}

/**
 * Matrix product; see {@link Tensor.matmul}.
 *
 * @example
 * matmul([[1, 2]], [[3], [4]]); // [[11]]
 */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  return asTensor(a).matmul(b);
}

/**
 * Einstein's sum: letters name axes; letters that the result lacks are summed over (NumPy's einsum, with the arrow written out).
 *
 * @throws DescentError for another number of tensors or axes than the equation has, and for axes of one letter that differ in size.
 * @example
 * const scores = einsum("bqd,bkd->bqk", ones([2, 3, 8]), ones([2, 5, 8])); // [2, 3, 5]
 */
export function einsum(equation: string, ...operands: TensorLike[]): Tensor {
  return new Tensor(
    einsumOf(
      equation,
      operands.map((each) => asTensor(each).node),
    ),
  );
}

/**
 * Convolution of 1, 2 or more spatial axes, channels last: x [N, ..sizes, C], w [..kernel, C / groups, F] -> [N, ..positions, F].
 * (Cross-correlation, as in every framework.)
 *
 * @example
 * const y = conv(ones([1, 28, 28, 1]), ones([3, 3, 1, 8]), { padding: "same" }); // [1, 28, 28, 8]
 */
export function conv(x: TensorLike, w: TensorLike, options?: ConvOptions): Tensor {
  return new Tensor(products.conv(asTensor(x).node, asTensor(w).node, options));
}

/**
 * Transposed convolution: the adjoint of {@link conv} as an operation of its own. Each element of x [N, ..positions, F] adds the kernel
 * w [..kernel, C / groups, F], times itself, at its window's place: [N, ..sizes, C] with
 * size = (positions - 1) stride + (kernel - 1) dilation + 1 - padding + outputPadding (PyTorch's conv_transpose).
 *
 * @example
 * const y = convTranspose(ones([1, 14, 14, 8]), ones([2, 2, 1, 8]), { strides: 2 }); // [1, 28, 28, 1]
 */
export function convTranspose(x: TensorLike, w: TensorLike, options?: ConvTransposeOptions): Tensor {
  return new Tensor(products.convTranspose(asTensor(x).node, asTensor(w).node, options));
}

/**
 * Greatest element of each window: x [N, ..sizes, C] -> [N, ..positions, C].
 *
 * @example
 * maxPool([[[1], [5], [2], [3]]], { size: 2 }); // [[[5], [3]]]
 */
export function maxPool(x: TensorLike, options: PoolOptions): Tensor {
  return new Tensor(products.maxPool(asTensor(x).node, options));
}

/**
 * Mean of each window's elements inside of x (padding does not count): [N, ..sizes, C] -> [N, ..positions, C].
 *
 * @example
 * averagePool([[[1], [5], [2], [3]]], { size: 2 }); // [[[3], [2.5]]]
 */
export function averagePool(x: TensorLike, options: PoolOptions): Tensor {
  return new Tensor(products.averagePool(asTensor(x).node, options));
}

/**
 * Rows added up by number: result[r] = sum of updates[i] where indices[i] = r; [rows, ..]. Numbers outside are left out.
 *
 * @example
 * scatterAdd(tensor([0, 2, 0], { dtype: "int32" }), [[1], [2], [3]], 3); // [[4], [0], [2]]
 */
export function scatterAdd(indices: TensorLike, updates: TensorLike, rows: number): Tensor {
  return new Tensor(indexing.scatterAdd(asTensor(indices).node, asTensor(updates).node, rows));
}

/**
 * The same values, through which no gradient flows.
 *
 * @example
 * grad((x: Tensor) => x.mul(stopGradient(x)))(tensor(3)); // 3
 */
export function stopGradient(x: Tensor): Tensor {
  return new Tensor(ops.stopGradient(x.node));
}

/**
 * Computes several tensors in one go; each remembers its values, as after `data()`.
 *
 * @example
 * const [mean, std] = [arange(5).mean(), arange(5).std()];
 * await evaluate(mean, std);
 */
export async function evaluate(...tensors: Tensor[]): Promise<void> {
  const open = tensors.filter((each) => !each.known);
  const values = await evaluateNodes(open.map((each) => each.node));
  open.forEach((each, i) => {
    each.remember(values[i]!);
  });
}
