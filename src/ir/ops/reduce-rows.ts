import { product, rowMajorStrides, type Shape } from "../../util/index.ts";
import { wrap } from "../dtype.ts";
import type { Node } from "../op.ts";

/** The shape with `axes` set to 1. */
export function reducedShape(shape: Shape, axes: readonly number[]): Shape {
  if (axes.some((axis) => axis < 0 || axis >= shape.length)) throw new Error(`axis out of range: ${axes.join(", ")}`);
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Calls `fold` with the elements of each group along the node's axes, in row-major order; gives its results in the node's shape. */
export function reduceRows(x: Float64Array, node: Node, fold: (row: Float64Array) => number): Float64Array {
  const shape = node.inputs[0]!.shape;
  const axes = node.attributes.axes as readonly number[];
  const strides = rowMajorStrides(shape);
  const offsets = offsetsOver(axes.map((axis) => ({ size: shape[axis]!, stride: strides[axis]! })));
  const kept = shape.flatMap((size, axis) => (axes.includes(axis) ? [] : [{ size, stride: strides[axis]! }]));
  const row = new Float64Array(offsets.length);
  return offsetsOver(kept).map((base) => {
    for (let i = 0; i < row.length; i++) row[i] = x[base + offsets[i]!]!;
    return wrap(fold(row), node.dtype);
  });
}

/** Offsets of all index combinations over the given loops, outermost first. */
function offsetsOver(loops: readonly { size: number; stride: number }[]): Float64Array {
  const out = new Float64Array(product(loops.map((loop) => loop.size)));
  let filled = 1;
  for (let axis = loops.length - 1; axis >= 0; axis--) {
    const { size, stride } = loops[axis]!;
    for (let i = size - 1; i >= 0; i--) {
      for (let j = 0; j < filled; j++) out[i * filled + j] = out[j]! + i * stride;
    }
    filled *= size;
  }
  return out;
}
