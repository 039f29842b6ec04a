import { type Node, ops } from "../ir/index.ts";
import { rewrite } from "./simplify.ts";

/** Channels from which on they fill vectors. */
const WIDE = 8;

/**
 * The weight gradient of a convolution whose groups have one channel and one filter, as sums of products of windows:
 *
 *   w[k.., 0, g] = sum n, o..:  x[n, o s + k d - p, g] y[n, o.., g]
 *
 * As a product of matrices it would have as many batches as channels, each with one column: no vectors, and every channel would read all
 * memory. As a sum it has the channels in vectors, and long ones are split over batch and rows (`splitReductions`), so that the rows
 * of x and y that a part needs stay in the cache for all k.
 */
export function windowSums(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => {
    if (node.op.name !== "convWeight" || node.attributes.precision !== undefined) return node;
    const { groups, padding } = ops.geometryOf(node.attributes);
    const apart = groups >= WIDE && node.shape.at(-2) === 1 && node.shape.at(-1) === groups;
    return apart && padding.flat().every((size) => size >= 0) ? asSum(node) : node;
  });
}

function asSum(node: Node): Node {
  const { strides, dilation, padding, groups } = ops.geometryOf(node.attributes);
  const [x, y] = node.inputs as [Node, Node];
  const kernel = node.shape.slice(0, -2);
  const starts = [0, ...padding.map(([before]) => before), 0];
  const shape = x.shape.map((size, i) => {
    const [before, after] = padding[i - 1] ?? [0, 0];
    return size + before + after;
  });
  const steps = shape.map(() => 1);
  let windows = ops.embed(x, { starts, steps, shape, fill: 0 }); // [n, h.., g]
  for (const [i, size] of kernel.entries()) windows = ops.windows(windows, 1 + 2 * i, size, strides[i], dilation[i]);
  const positions = y.shape.slice(1, -1);
  const interleaved = (offsets: readonly number[]) => positions.flatMap((size, i) => [size, offsets[i]!]);
  const slopes = ops.reshape(y, [x.shape[0]!, ...interleaved(kernel.map(() => 1)), groups]);
  const products = ops.mul(windows, ops.broadcast(slopes, windows.shape)); // [n, o, k, .., g]
  return ops.reshape(ops.sum(products, [0, ...positions.map((_, i) => 1 + 2 * i)]), node.shape);
}
