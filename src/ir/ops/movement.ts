import { formatShape, product, type Shape, sameShape } from "../../util/index.ts";
import { wrap } from "../dtype.ts";
import { addIndex, divideIndex, type IndexExpression, indexConstant, scaleIndex } from "../index-expression.ts";
import { type Attributes, apply, type Guard, type Location, type MovementOp, type Named, type Node } from "../op.ts";

/** Reads every element through the op's own `locate`: movement ops have one meaning, stated once. */
export function evaluateByLocation([x]: readonly Float64Array[], node: Node): Float64Array {
  const from = node.inputs[0]!.shape;
  const index = new Array<number>(node.shape.length).fill(0);
  const location = (node.op as MovementOp).locate!(
    index.map((_, axis) => ({ constant: 0, terms: [{ coefficient: 1, of: axis }] })),
    node,
  );
  const value = (expression: IndexExpression): number => {
    let total = expression.constant;
    for (const { coefficient, of } of expression.terms) {
      total += coefficient * (typeof of === "number" ? index[of]! : value(of.expression) / of.divisor);
    }
    return total;
  };
  const holds = ({ expression, divisor, size }: Guard): boolean => {
    const quotient = value(expression) / divisor;
    return Number.isInteger(quotient) && quotient >= 0 && quotient < size;
  };
  return new Float64Array(product(node.shape)).map(() => {
    let at = 0;
    if (location.guards.every(holds)) location.index.forEach((each, axis) => (at = at * from[axis]! + value(each)));
    else at = -1;
    for (let axis = index.length - 1; axis >= 0 && ++index[axis]! === node.shape[axis]; axis--) index[axis] = 0;
    return at < 0 ? location.fill : x![at]!;
  });
}

export const reshapeOp: Named<MovementOp, "reshape"> = {
  name: "reshape",
  family: "movement",
  infer: ([x], { shape }) => {
    if (product(x!.shape) !== product(shape as Shape)) {
      throw new Error(`cannot reshape ${formatShape(x!.shape)} to ${formatShape(shape as Shape)}`);
    }
    return { shape: shape as Shape, dtype: x!.dtype };
  },
  evaluate: ([x]) => x!,
  gradient: ({ inputs, grad }) => [reshape(grad, inputs[0]!.shape)],
  locate: null,
  samples: [
    { inputs: [{ shape: [4, 6] }], attributes: { shape: [2, 2, 6] } },
    { inputs: [{ shape: [4, 6] }], attributes: { shape: [24] } },
    { inputs: [{ shape: [4, 6] }], attributes: { shape: [3, 8] } },
  ],
};

/** The same elements in row-major order under another shape. */
export function reshape(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : apply(reshapeOp, [x], { shape });
}

export const permuteOp: Named<MovementOp, "permute"> = {
  name: "permute",
  family: "movement",
  infer: ([x], { order }) => {
    const axes = order as number[];
    if ([...axes].sort((a, b) => a - b).some((axis, i) => axis !== i) || axes.length !== x!.shape.length) {
      throw new Error(`${axes} is no order of ${x!.shape.length} axes`);
    }
    return { shape: axes.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  evaluate: evaluateByLocation,
  gradient: ({ node, grad }) => {
    const order = node.attributes.order as number[];
    return [
      permute(
        grad,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
  locate: (index, node) => {
    const order = node.attributes.order as number[];
    return { index: order.map((_, axis) => index[order.indexOf(axis)]!), guards: [], fill: 0 };
  },
  samples: [
    { inputs: [{ shape: [3, 5] }], attributes: { order: [1, 0] } },
    { inputs: [{ shape: [2, 3, 4] }], attributes: { order: [2, 0, 1] } },
  ],
};

/** Axis i of the result is axis order[i] of `x`. */
export function permute(x: Node, order: readonly number[]): Node {
  return order.every((axis, i) => axis === i) ? x : apply(permuteOp, [x], { order });
}

/** A start, a step and a size for each axis of `shape`. */
function rangesOf(name: string, shape: Shape, attributes: Attributes) {
  const ranges = attributes as { starts: number[]; steps: number[]; shape: number[] };
  if ([ranges.starts, ranges.steps, ranges.shape].some((each) => each.length !== shape.length)) {
    throw new Error(
      `${name} of ${formatShape(shape)} at ${formatShape(ranges.starts)} to ${formatShape(ranges.shape)}`,
    );
  }
  return ranges;
}

/** Every step-th element from `start` along each axis; a negative step goes backwards. The adjoint of `embed`. */
export const sliceOp: Named<MovementOp, "slice"> = {
  name: "slice",
  family: "movement",
  infer: ([x], attributes) => {
    const { starts, steps, shape } = rangesOf("slice", x!.shape, attributes);
    x!.shape.forEach((size, axis) => {
      const last = starts[axis]! + steps[axis]! * (shape[axis]! - 1);
      if (shape[axis]! > 0 && (starts[axis]! < 0 || starts[axis]! >= size || last < 0 || last >= size)) {
        throw new Error(`slice ${starts[axis]}..${last} of an axis of ${size}`);
      }
    });
    return { shape, dtype: x!.dtype };
  },
  evaluate: evaluateByLocation,
  gradient: ({ node, inputs, grad }) => {
    const { starts, steps } = node.attributes as { starts: number[]; steps: number[] };
    return [embed(grad, { starts, steps, shape: inputs[0]!.shape, fill: 0 })];
  },
  locate: (index, node) => {
    const { starts, steps } = node.attributes as { starts: number[]; steps: number[] };
    return { index: index.map((each, axis) => scaleIndex(each, steps[axis]!, starts[axis]!)), guards: [], fill: 0 };
  },
  samples: [
    { inputs: [{ shape: [6, 40] }], attributes: { starts: [1, 2], steps: [2, 1], shape: [2, 35] } },
    { inputs: [{ shape: [5, 4] }], attributes: { starts: [4, 3], steps: [-1, -1], shape: [5, 4] } },
  ],
};

export function slice(
  x: Node,
  range: { readonly starts: readonly number[]; readonly steps: readonly number[]; readonly shape: Shape },
): Node {
  const whole = range.starts.every((start) => start === 0) && range.steps.every((step) => step === 1);
  const { starts, steps, shape } = range;
  return whole && sameShape(shape, x.shape) ? x : apply(sliceOp, [x], { starts, steps, shape });
}

/** Puts `x` into a larger tensor of `fill`: element i goes to start + step * i. Padding, dilation, the adjoint of `slice`. */
export const embedOp: Named<MovementOp, "embed"> = {
  name: "embed",
  family: "movement",
  infer: ([x], attributes) => {
    const { starts, steps, shape } = rangesOf("embed", x!.shape, attributes);
    x!.shape.forEach((size, axis) => {
      const last = starts[axis]! + steps[axis]! * (size - 1);
      if (size > 0 && (Math.min(starts[axis]!, last) < 0 || Math.max(starts[axis]!, last) >= shape[axis]!)) {
        throw new Error(`embed of ${size} elements at ${starts[axis]}..${last} in an axis of ${shape[axis]}`);
      }
    });
    return { shape, dtype: x!.dtype };
  },
  evaluate: evaluateByLocation,
  gradient: ({ node, inputs, grad }) => {
    const { starts, steps } = node.attributes as { starts: number[]; steps: number[] };
    return [slice(grad, { starts, steps, shape: inputs[0]!.shape })];
  },
  locate: (index, node): Location => {
    const { starts, steps, fill } = node.attributes as { starts: number[]; steps: number[]; fill: number };
    const from = node.inputs[0]!.shape;
    const guards: Guard[] = [];
    const inner = index.map((each, axis) => {
      const step = steps[axis]!;
      const whole = starts[axis] === 0 && step === 1 && from[axis] === node.shape[axis];
      if (whole) return each;
      const shifted = scaleIndex(addIndex(each, indexConstant(-starts[axis]!)), Math.sign(step));
      guards.push({ expression: shifted, divisor: Math.abs(step), size: from[axis]! });
      return divideIndex(shifted, Math.abs(step));
    });
    return { index: inner, guards, fill };
  },
  samples: [
    { inputs: [{ shape: [2, 35] }], attributes: { starts: [1, 2], steps: [2, 1], shape: [6, 40], fill: 0 } },
    { inputs: [{ shape: [3, 4] }], attributes: { starts: [4, 3], steps: [-2, -1], shape: [5, 4], fill: -1.5 } },
  ],
};

export function embed(
  x: Node,
  range: {
    readonly starts: readonly number[];
    readonly steps: readonly number[];
    readonly shape: Shape;
    readonly fill: number;
  },
): Node {
  // With nothing around it an embedding is the same elements, possibly backwards: a slice.
  return sameShape(range.shape, x.shape)
    ? slice(x, range)
    : apply(embedOp, [x], { ...range, fill: wrap(range.fill, x.dtype) });
}

export const MOVEMENT_OPS = [reshapeOp, permuteOp, sliceOp, embedOp] as const;
