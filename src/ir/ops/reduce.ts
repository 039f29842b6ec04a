import { product } from "../../util/index.ts";
import { type DType, isFloat } from "../dtype.ts";
import { apply, type Named, type Node, type ReduceOp, type Reduction } from "../op.ts";
import { div, mul } from "./arithmetic.ts";
import { broadcast, sum } from "./broadcast.ts";
import { reducedShape, reduceRows } from "./reduce-rows.ts";
import { cast, eq, select } from "./selection.ts";
import { constantLike } from "./sources.ts";

const SHAPES = [
  { inputs: [{ shape: [3, 5] }], attributes: { axes: [1] } },
  { inputs: [{ shape: [3, 5] }], attributes: { axes: [0] } },
  { inputs: [{ shape: [2, 3, 20] }], attributes: { axes: [0, 2] } },
  { inputs: [{ shape: [2, 3, 2] }], attributes: { axes: [0, 1, 2] } },
] as const;

/** Spreads the gradient over all elements that equal the extreme, evenly (PyTorch's amax, JAX). */
function extremeGradient({ node, inputs, grad }: { node: Node; inputs: readonly Node[]; grad: Node }): [Node] {
  const x = inputs[0]!;
  const winners = cast(eq(x, broadcast(node, x.shape)), "float32");
  const count = broadcast(sum(winners, node.attributes.axes as number[]), x.shape);
  return [div(mul(broadcast(grad, x.shape), winners), count)];
}

function reduction<const Name extends Reduction>(
  name: Name,
  fold: (row: Float64Array, dtype: DType) => number,
  gradient: ReduceOp["gradient"],
): Named<ReduceOp, Name> {
  return {
    name,
    family: "reduce",
    reduction: name,
    infer: ([x], { axes }) => {
      const shape = reducedShape(x!.shape, axes as number[]);
      const none = product((axes as number[]).map((axis) => x!.shape[axis]!)) === 0;
      if (none && name !== "prod") throw new Error(`${name} of no elements`);
      return { shape, dtype: name === "argmax" ? "int32" : x!.dtype };
    },
    evaluate: ([x], node) => reduceRows(x!, node, (row) => fold(row, node.dtype)),
    gradient,
    // 9^9 is an int32: beyond, products of int32 wrap around here, and are anything elsewhere.
    samples: [
      ...SHAPES,
      { inputs: [{ shape: [3, name === "prod" ? 9 : 40], dtype: "int32", range: [-9, 9] }], attributes: { axes: [1] } },
    ],
  };
}

export const maxOp = reduction("max", (row) => row.reduce((a, b) => Math.max(a, b), -Infinity), extremeGradient);
export const minOp = reduction("min", (row) => row.reduce((a, b) => Math.min(a, b), Infinity), extremeGradient);

/** Index of the greatest element, the first of equals; over several axes, of their row-major flattening. NaN counts as greatest. */
export const argmaxOp = reduction(
  "argmax",
  (row) => {
    let best = 0;
    for (let i = 1; i < row.length; i++) {
      if (row[i]! > row[best]! || (Number.isNaN(row[i]!) && !Number.isNaN(row[best]!))) best = i;
    }
    return best;
  },
  null,
);

/** Product. With one zero in a group only that element has a gradient: the product of the others. */
export const prodOp = reduction(
  "prod",
  (row, dtype) => row.reduce(isFloat(dtype) ? (a, b) => a * b : Math.imul, 1),
  ({ inputs, grad }) => {
    const x = inputs[0]!;
    const axes = inputs[0]!.shape.map((_, axis) => axis).filter((axis) => grad.shape[axis] !== x.shape[axis]);
    const zero = constantLike(x, 0);
    const one = constantLike(x, 1);
    const isZero = eq(x, zero);
    const zeros = broadcast(sum(cast(isZero, "float32"), axes), x.shape);
    const others = broadcast(prod(select(isZero, one, x), axes), x.shape);
    const slope = select(
      isZero,
      select(eq(zeros, one), others, zero),
      select(eq(zeros, zero), div(others, select(isZero, one, x)), zero),
    );
    return [mul(broadcast(grad, x.shape), slope)];
  },
);

function builder(op: ReduceOp) {
  return (x: Node, axes: readonly number[]): Node => {
    const real = op.reduction === "argmax" ? axes : axes.filter((axis) => x.shape[axis] !== 1);
    return real.length === 0 ? x : apply(op, [x], { axes: real });
  };
}

export const max = builder(maxOp);
export const min = builder(minOp);
export const prod = builder(prodOp);
export const argmax = builder(argmaxOp);

export const REDUCE_OPS = [maxOp, minOp, prodOp, argmaxOp] as const;
