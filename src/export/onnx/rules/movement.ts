import { fail } from "../../../util/index.ts";
import { addDims, type Dim, sameDim, sameDims } from "../../dim.ts";
import type { GraphNode } from "../../unify.ts";
import type { GraphBuilder, Value } from "../builder.ts";
import type { Lowering, Rule } from "../lowering.ts";

interface Ranges {
  readonly starts: readonly Dim[];
  readonly steps: readonly number[];
  readonly shape: readonly Dim[];
}

/** Repeats nothing: ops of ONNX repeat axes of size 1 themselves. */
const broadcast: Rule = (node, lowering) => lowering.value(node.inputs[0]!);

const reshape: Rule = (node, lowering) => {
  const [input] = node.inputs as [GraphNode];
  const value = lowering.value(input);
  // Axes of size 1 come and go without the others being looked at.
  const kept = value.shape.filter((_, axis) => !sameDim(input.shape[axis]!, 1));
  const real = input.shape.filter((dim) => !sameDim(dim, 1));
  if (
    sameDims(
      real,
      node.shape.filter((dim) => !sameDim(dim, 1)),
    )
  ) {
    const left = [...kept];
    return lowering.graph.reshape(value, node.shape.map((dim) => (sameDim(dim, 1) ? 1 : left.shift()!))); // biome-ignore format: one line
  }
  return lowering.graph.reshape(lowering.full(input), node.shape);
};

const permute: Rule = (node, lowering) =>
  lowering.graph.transpose(lowering.value(node.inputs[0]!), node.attributes["order"] as number[]);

/** `count` elements from `start` on, `step` apart, along some axes. */
function sliced(graph: GraphBuilder, value: Value, { starts, steps, shape }: Ranges): Value {
  const axes = value.shape.flatMap((dim, axis) => {
    const whole = sameDim(starts[axis]!, 0) && steps[axis] === 1 && sameDim(shape[axis]!, dim);
    return whole ? [] : [axis];
  });
  if (axes.length === 0) return value;
  const ends = axes.map((axis) => {
    const end = addDims(starts[axis]!, shape[axis]!, steps[axis]!);
    if (steps[axis]! > 0) return end;
    if (typeof end !== "number") return fail("it goes backwards through the batch", "samples in their order");
    return end < 0 ? -(2 ** 31) : end; // a negative end would count from the last element
  });
  const at = (dims: readonly Dim[]) => graph.sizes(dims);
  const name = graph.emit("Slice", [
    value.name,
    at(axes.map((axis) => starts[axis]!)),
    at(ends),
    at(axes),
    at(axes.map((axis) => steps[axis]!)),
  ]);
  return { name, shape: value.shape.map((dim, axis) => (axes.includes(axis) ? shape[axis]! : dim)) };
}

const slice: Rule = (node, lowering) => {
  const ranges = node.attributes as unknown as Ranges;
  const [input] = node.inputs as [GraphNode];
  const value = lowering.value(input);
  // Along a repeated axis all elements are alike.
  const repeated = value.shape.map((dim, axis) => sameDim(dim, 1) && !sameDim(input.shape[axis]!, 1));
  return sliced(lowering.graph, value, {
    starts: ranges.starts.map((start, axis) => (repeated[axis] ? 0 : start)),
    steps: ranges.steps.map((step, axis) => (repeated[axis] ? 1 : step)),
    shape: ranges.shape.map((size, axis) => (repeated[axis] ? 1 : size)),
  });
};

/** `fill` around a value; before and after each axis. */
export function padded(
  lowering: Lowering,
  value: Value,
  node: GraphNode,
  pads: readonly (readonly [number, number])[],
  fill: number,
): Value {
  const { graph } = lowering;
  if (pads.every(([before, after]) => before === 0 && after === 0)) return value;
  const amounts = graph.integers([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
  const name = graph.emit("Pad", [value.name, amounts, graph.numbers([fill], [], node.dtype)]);
  return { name, shape: value.shape.map((dim, axis) => addDims(addDims(dim, pads[axis]![0]), pads[axis]![1])) };
}

/** Elements `step` apart with `fill` between them: each gets step - 1 of these after it, the last ones are cut off. */
function spread(lowering: Lowering, value: Value, node: GraphNode, axis: number, step: number, fill: number): Value {
  const { graph } = lowering;
  const { shape } = value;
  const size = shape[axis]!;
  const apart = graph.reshape(value, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const none = [0, 0] as const;
  const filled = padded(lowering, apart, node, apart.shape.map((_, i) => (i === axis + 1 ? [0, step - 1] : none)), fill); // biome-ignore format: one line
  const many = addDims(0, size, step);
  const joined = graph.reshape(filled, [...shape.slice(0, axis), many, ...shape.slice(axis + 1)]);
  return sliced(graph, joined, {
    starts: shape.map(() => 0),
    steps: shape.map(() => 1),
    shape: joined.shape.map((dim, i) => (i === axis ? addDims(many, 1 - step) : dim)),
  });
}

const embed: Rule = (node, lowering) => {
  const { starts, steps, shape } = node.attributes as unknown as Ranges;
  const fill = node.attributes["fill"] as number;
  const [input] = node.inputs as [GraphNode];
  let value = lowering.full(input);
  const pads = input.shape.map((size, axis): [number, number] => {
    const step = steps[axis]!;
    const extent = addDims(addDims(0, size, Math.abs(step)), 1 - Math.abs(step));
    const before = step > 0 ? starts[axis]! : addDims(addDims(starts[axis]!, size, step), -step);
    const after = addDims(addDims(shape[axis]!, before, -1), extent, -1);
    if (typeof before !== "number" || typeof after !== "number") {
      return fail("it puts something around the batch", "samples that do not see each other");
    }
    if (step < 0) {
      const last = addDims(size, -1);
      const ones = value.shape.map(() => 1);
      value = sliced(lowering.graph, value, {
        starts: value.shape.map((_, i) => (i === axis ? last : 0)),
        steps: ones.map((one, i) => (i === axis ? -1 : one)),
        shape: value.shape,
      });
    }
    if (Math.abs(step) > 1) value = spread(lowering, value, node, axis, Math.abs(step), fill);
    return [before, after];
  });
  return padded(lowering, value, node, pads, fill);
};

interface Skew {
  readonly axis: number;
  readonly offsets: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/**
 * skew and unskew by a table of where each element of the plane (axis, offsets) comes from: the plane becomes one axis with a zero after it,
 * whose elements are looked up. `element` gives the element along `axis` for a result's place and offset, or -1.
 */
function skewed(element: (place: number, offset: number, skew: Skew) => number): Rule {
  return (node, lowering) => {
    const skew = node.attributes as unknown as Skew;
    const { axis, offsets, size } = skew;
    const { graph } = lowering;
    const [input] = node.inputs as [GraphNode];
    const [rows, columns] = [input.shape[axis], input.shape[offsets]];
    if (typeof rows !== "number" || typeof columns !== "number" || typeof size !== "number") {
      return fail("it slides windows over the batch", "windows within samples");
    }
    const repeated = sameDim(lowering.value(input).shape[offsets]!, 1) && columns !== 1;
    const value = lowering.full(input, repeated ? [axis] : [axis, offsets]);
    const width = repeated ? 1 : columns;
    const table = Array.from({ length: size * columns }, (_, i) => {
      const [place, offset] = [Math.floor(i / columns), i % columns];
      const at = element(place, offset, skew);
      return at >= 0 && at < rows ? at * width + (repeated ? 0 : offset) : rows * width;
    });
    // The plane as the last axis but one of what is in front: [others before axis, plane, others].
    const order = [...value.shape.keys()].filter((i) => i !== offsets);
    order.splice(order.indexOf(axis) + 1, 0, offsets);
    const arranged = graph.transpose(value, order);
    const at = order.indexOf(axis);
    const flat = graph.reshape(arranged, [
      ...arranged.shape.slice(0, at),
      rows * width,
      ...arranged.shape.slice(at + 2),
    ]);
    const outside = table.includes(rows * width);
    const pads = flat.shape.map((_, i): [number, number] => [0, outside && i === at ? 1 : 0]);
    const source = padded(lowering, flat, node, pads, 0);
    const indices = graph.initializer(
      { type: "int64", shape: [size, columns], data: int64(table) },
      `${node.scope}/windows`,
    );
    const name = graph.emit("Gather", [source.name, indices], { axis: at });
    const shape = [...flat.shape.slice(0, at), size, columns, ...flat.shape.slice(at + 1)];
    const back = order.map((_, i) => order.indexOf(i));
    return graph.transpose({ name, shape }, back);
  };
}

function int64(values: readonly number[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
}

export const MOVEMENT_RULES = {
  broadcast,
  reshape,
  permute,
  slice,
  embed,
  skew: skewed((place, offset, { stride, dilation }) => place * stride + offset * dilation),
  unskew: skewed((place, offset, { stride, dilation }) => {
    const at = (place - offset * dilation) / stride;
    return Number.isInteger(at) ? at : -1;
  }),
  concat: ((node, lowering) => {
    const axis = node.attributes["axis"] as number;
    const pieces = node.inputs.map((input) => lowering.full(input).name);
    return { name: lowering.graph.emit("Concat", pieces, { axis }), shape: node.shape };
  }) satisfies Rule,
} as const satisfies Record<string, Rule>;
