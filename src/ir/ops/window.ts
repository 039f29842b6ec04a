import { formatShape, type Shape } from "../../util/index.ts";
import { addIndex, divideIndex, scaleIndex } from "../index-expression.ts";
import { type Attributes, apply, type MovementOp, type Named, type Node } from "../op.ts";
import { broadcast, sum } from "./broadcast.ts";
import { evaluateByLocation, reshape, slice } from "./movement.ts";

/**
 * Sliding windows are loop skewing: position o of the window grid and offset k inside the window meet at element o * stride + k * dilation.
 * `skew` goes from (element, k) to (o, k), `unskew` back. Each is the other's adjoint, and both are plain views.
 */
interface Skew {
  /** Axis of elements (skew: of the input; unskew: of the result), which becomes the axis of window positions. */
  readonly axis: number;
  /** Axis of offsets inside the window. */
  readonly offsets: number;
  /** Size of `axis` in the result. */
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

function skewOf(attributes: Attributes): Skew {
  return attributes as { [K in keyof Skew]: number };
}

function resized(shape: Shape, { axis, size, offsets }: Skew): Shape {
  if (axis === offsets || axis >= shape.length || offsets >= shape.length)
    throw new Error(`skew of ${formatShape(shape)}`);
  return shape.map((each, i) => (i === axis ? size : each));
}

/** result[.. o .. k ..] = x[.. o * stride + k * dilation .. k ..], 0 outside. */
export const skewOp: Named<MovementOp, "skew"> = {
  name: "skew",
  family: "movement",
  infer: ([x], attributes) => ({ shape: resized(x!.shape, skewOf(attributes)), dtype: x!.dtype }),
  evaluate: evaluateByLocation,
  gradient: ({ node, inputs, grad }) => {
    const attributes = skewOf(node.attributes);
    return [unskew(grad, { ...attributes, size: inputs[0]!.shape[attributes.axis]! })];
  },
  locate: (index, node) => {
    const { axis, offsets, stride, dilation, size } = skewOf(node.attributes);
    const from = node.inputs[0]!.shape;
    const element = addIndex(scaleIndex(index[axis]!, stride), index[offsets]!, dilation);
    const reach = (size - 1) * stride + (from[offsets]! - 1) * dilation;
    return {
      index: index.map((each, i) => (i === axis ? element : each)),
      guards: reach < from[axis]! ? [] : [{ expression: element, divisor: 1, size: from[axis]! }],
      fill: 0,
    };
  },
  samples: [
    { inputs: [{ shape: [7, 3] }], attributes: { axis: 0, offsets: 1, size: 5, stride: 1, dilation: 1 } },
    { inputs: [{ shape: [2, 9, 3, 4] }], attributes: { axis: 1, offsets: 2, size: 4, stride: 2, dilation: 2 } },
  ],
};

/** result[.. e .. k ..] = x[.. (e - k * dilation) / stride .. k ..] where that is a position, 0 elsewhere. */
export const unskewOp: Named<MovementOp, "unskew"> = {
  name: "unskew",
  family: "movement",
  infer: ([x], attributes) => ({ shape: resized(x!.shape, skewOf(attributes)), dtype: x!.dtype }),
  evaluate: evaluateByLocation,
  gradient: ({ node, inputs, grad }) => {
    const attributes = skewOf(node.attributes);
    return [skew(grad, { ...attributes, size: inputs[0]!.shape[attributes.axis]! })];
  },
  locate: (index, node) => {
    const { axis, offsets, stride, dilation } = skewOf(node.attributes);
    const start = addIndex(index[axis]!, index[offsets]!, -dilation);
    return {
      index: index.map((each, i) => (i === axis ? divideIndex(start, stride) : each)),
      guards: [{ expression: start, divisor: stride, size: node.inputs[0]!.shape[axis]! }],
      fill: 0,
    };
  },
  samples: [
    { inputs: [{ shape: [5, 3] }], attributes: { axis: 0, offsets: 1, size: 7, stride: 1, dilation: 1 } },
    { inputs: [{ shape: [2, 4, 3, 4] }], attributes: { axis: 1, offsets: 2, size: 9, stride: 2, dilation: 2 } },
  ],
};

function skew(x: Node, skewing: Skew): Node {
  return apply(skewOp, [x], { ...skewing });
}

function unskew(x: Node, skewing: Skew): Node {
  return apply(unskewOp, [x], { ...skewing });
}

/**
 * Sliding windows along `axis`: it becomes two axes, the position of the window and the offset inside it ([.. H ..] -> [.. O, K ..]).
 * Windows side by side are the same memory in another shape, and so is their gradient.
 */
export function windows(x: Node, axis: number, size: number, stride = 1, dilation = 1): Node {
  const positions = Math.floor((x.shape[axis]! - (size - 1) * dilation - 1) / stride) + 1;
  if (stride === size && dilation === 1) {
    const covered = x.shape.map((each, i) => (i === axis ? positions * size : each));
    const whole = slice(x, { starts: x.shape.map(() => 0), steps: x.shape.map(() => 1), shape: covered });
    return reshape(whole, [...x.shape.slice(0, axis), positions, size, ...x.shape.slice(axis + 1)]);
  }
  const shape = [...x.shape];
  shape.splice(axis + 1, 0, 1);
  const repeated = shape.map((each, i) => (i === axis + 1 ? size : each));
  const skewed = { axis, offsets: axis + 1, size: positions, stride, dilation };
  return skew(broadcast(reshape(x, shape), repeated), skewed);
}

/** Adds windows up where they overlap: the adjoint of `windows` ([.. O, K ..] -> [.. H ..]). */
export function overlapAdd(x: Node, axis: number, size: number, stride = 1, dilation = 1): Node {
  const placed = unskew(x, { axis, offsets: axis + 1, size, stride, dilation });
  const total = sum(placed, [axis + 1]);
  return reshape(total, [...total.shape.slice(0, axis + 1), ...total.shape.slice(axis + 2)]);
}

export const WINDOW_OPS = [skewOp, unskewOp] as const;
