import { type Node, ops } from "../ir/index.ts";
import { rewrite } from "./simplify.ts";

/** Channels from which on they fill vectors. */
const WIDE = 8;

/**
 * Convolutions whose groups have one channel and one filter, as sums of products of windows:
 *
 *   conv        y[n, o.., g] = sum k..:     x[n, o s + k d - p, g] w[k.., 0, g]
 *   convInput   of strides of 1: conv of y by w turned around, where (size - 1) d - p is the padding
 *   convWeight  w[k.., 0, g] = sum n, o..:  x[n, o s + k d - p, g] y[n, o.., g]
 *
 * As products of matrices they would have as many batches as channels, each with one column: no vectors, and every channel would read
 * all memory. As sums they have the channels in vectors, and those over positions are split over batch and rows (`splitReductions`), so that
 * the rows of x and y that a part needs stay in the cache for all k.
 */
export function windowSums(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => {
    if (node.op.family !== "contraction" || node.op.kind === "matmul") return node;
    if (node.attributes.precision !== undefined) return node; // products round their operands, sums do not
    return asSum(node, node.op.kind) ?? node;
  });
}

/** undefined where the groups are few or have several channels, or windows leave out what lies at the border. */
function asSum(node: Node, kind: "conv" | "convInput" | "convWeight"): Node | undefined {
  const geometry = ops.geometryOf(node.attributes);
  const [first, second] = node.inputs as [Node, Node];
  const weight = kind === "convWeight" ? node.shape : second.shape;
  if (geometry.groups < WIDE || weight.at(-2) !== 1 || weight.at(-1) !== geometry.groups) return undefined;
  const kernel = weight.slice(0, -2);
  const { strides, dilation } = geometry;
  if (kind === "convInput" && strides.some((stride) => stride > 1)) return undefined;
  const padding = geometry.padding.map((sides, i) =>
    kind === "convInput" ? sides.map((size) => (kernel[i]! - 1) * dilation[i]! - size) : sides,
  );
  if (padding.flat().some((size) => size < 0)) return undefined;

  const windows = windowsOf(first, kernel, { strides, dilation, padding });
  const { groups } = geometry;
  if (kind === "convWeight") {
    const [batch, ...positions] = second.shape.slice(0, -1) as [number, ...number[]];
    const slopes = ops.reshape(second, [batch, ...positions.flatMap((size) => [size, 1]), groups]);
    return sumOfProducts(windows, slopes, [0, ...kernel.map((_, i) => 1 + 2 * i)], node);
  }
  const turned = kind === "conv" ? second : backwards(second, kernel.length);
  const weights = ops.reshape(turned, [1, ...kernel.flatMap((size) => [1, size]), groups]);
  const offsets = kernel.map((_, i) => 2 + 2 * i);
  return sumOfProducts(windows, weights, offsets, node);
}

interface Windows {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly (readonly number[])[];
}

/** [n, h.., g] -> [n, o, k, .., g], zeros in the padding. */
function windowsOf(x: Node, kernel: readonly number[], { strides, dilation, padding }: Windows): Node {
  const starts = [0, ...padding.map(([before]) => before!), 0];
  const shape = x.shape.map((size, i) => (padding[i - 1] ?? []).reduce((sum, side) => sum + side, size));
  const padded = ops.embed(x, { starts, steps: shape.map(() => 1), shape, fill: 0 });
  return kernel.reduce((each, size, i) => ops.windows(each, 1 + 2 * i, size, strides[i], dilation[i]), padded);
}

/** The windows times `factor`, seen as [n or 1, o or 1, k or 1, .., g], summed along `axes`. */
function sumOfProducts(windows: Node, factor: Node, axes: readonly number[], like: Node): Node {
  const products = ops.mul(windows, ops.broadcast(factor, windows.shape));
  return ops.reshape(ops.sum(products, axes), like.shape);
}

/** The first axes in reverse order. */
function backwards(x: Node, axes: number): Node {
  const turned = x.shape.map((_, i) => i < axes);
  return ops.slice(x, {
    starts: x.shape.map((size, i) => (turned[i] ? size - 1 : 0)),
    steps: turned.map((each) => (each ? -1 : 1)),
    shape: x.shape,
  });
}
