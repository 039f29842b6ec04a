import { formatShape, product, type Shape, sameShape } from "../../util/index.ts";
import { indexConstant } from "../index-expression.ts";
import { apply, type MovementOp, type Named, type Node, type ReduceOp } from "../op.ts";
import { reducedShape, reduceRows } from "./reduce-rows.ts";

/** Repeats axes of size 1. The adjoint of `sum`. */
export const broadcastOp: Named<MovementOp, "broadcast"> = {
  name: "broadcast",
  family: "movement",
  infer: ([x], attributes) => {
    const shape = attributes.shape as Shape;
    if (shape.length !== x!.shape.length || x!.shape.some((size, axis) => size !== 1 && size !== shape[axis])) {
      throw new Error(`cannot broadcast ${formatShape(x!.shape)} to ${formatShape(shape)}`);
    }
    return { shape, dtype: x!.dtype };
  },
  evaluate: ([x], node) => {
    const from = node.inputs[0]!.shape;
    const out = new Float64Array(product(node.shape));
    const index = new Array<number>(node.shape.length).fill(0);
    for (let i = 0; i < out.length; i++) {
      let at = 0;
      for (let axis = 0; axis < from.length; axis++) at = at * from[axis]! + (from[axis] === 1 ? 0 : index[axis]!);
      out[i] = x![at]!;
      for (let axis = index.length - 1; axis >= 0 && ++index[axis]! === node.shape[axis]; axis--) index[axis] = 0;
    }
    return out;
  },
  gradient: ({ inputs, grad }) => [
    sum(
      grad,
      inputs[0]!.shape.flatMap((size, axis) => (size === 1 && grad.shape[axis] !== 1 ? [axis] : [])),
    ),
  ],
  locate: (index, node) => ({
    index: index.map((expression, axis) => (node.inputs[0]!.shape[axis] === 1 ? indexConstant(0) : expression)),
    guards: [],
    fill: 0,
  }),
  samples: [
    { inputs: [{ shape: [1, 3] }], attributes: { shape: [4, 3] } },
    { inputs: [{ shape: [2, 1, 1] }], attributes: { shape: [2, 3, 5] } },
    { inputs: [{ shape: [1], dtype: "int32", range: [-5, 5] }], attributes: { shape: [7] } },
  ],
};

/** `x` with its axes of size 1 repeated to `shape` (same rank). */
export function broadcast(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : apply(broadcastOp, [x], { shape });
}

/** Adds up along axes, which stay with size 1. The adjoint of `broadcast`. */
export const sumOp: Named<ReduceOp, "sum"> = {
  name: "sum",
  family: "reduce",
  reduction: "sum",
  infer: ([x], { axes }) => ({ shape: reducedShape(x!.shape, axes as number[]), dtype: x!.dtype }),
  evaluate: ([x], node) =>
    reduceRows(x!, node, (row) => {
      let total = 0;
      for (const value of row) total += value;
      return total;
    }),
  gradient: ({ inputs, grad }) => [broadcast(grad, inputs[0]!.shape)],
  samples: [
    { inputs: [{ shape: [3, 5] }], attributes: { axes: [1] } },
    { inputs: [{ shape: [3, 5] }], attributes: { axes: [0] } },
    { inputs: [{ shape: [2, 3, 4] }], attributes: { axes: [0, 2] } },
    { inputs: [{ shape: [40, 37] }], attributes: { axes: [0, 1] } },
    { inputs: [{ shape: [5, 20], dtype: "int32", range: [-9, 9] }], attributes: { axes: [1] } },
  ],
};

/** Sum over `axes`, kept as size 1. */
export function sum(x: Node, axes: readonly number[]): Node {
  const real = axes.filter((axis) => x.shape[axis] !== 1);
  return real.length === 0 ? x : apply(sumOp, [x], { axes: real });
}
