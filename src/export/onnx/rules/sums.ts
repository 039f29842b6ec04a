import { fail } from "../../../util/index.ts";
import { type Dim, dimProduct } from "../../dim.ts";
import type { GraphNode } from "../../unify.ts";
import type { Value } from "../builder.ts";
import type { Lowering, Rule } from "../lowering.ts";

const axesOf = (node: GraphNode) => node.attributes["axes"] as number[];

function reduced(shape: readonly Dim[], axes: readonly number[]): readonly Dim[] {
  return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

/** Folds axes, which stay with size 1. Axes that repeat one element are written out first. */
const reduce =
  (type: string): Rule =>
  (node, lowering) => {
    const axes = axesOf(node);
    const value = lowering.full(node.inputs[0]!, axes);
    return folded(type, value, axes, lowering);
  };

function folded(type: string, value: Value, axes: readonly number[], { graph }: Lowering): Value {
  const name = graph.emit(type, [value.name, graph.integers(axes)], { keepdims: 1 });
  return { name, shape: reduced(value.shape, axes) };
}

/** The first of the greatest; several axes are put last and become one. */
const argmax: Rule = (node, lowering) => {
  const { graph } = lowering;
  const axes = axesOf(node);
  const value = lowering.full(node.inputs[0]!);
  const kept = [...value.shape.keys()].filter((axis) => !axes.includes(axis));
  const arranged = graph.transpose(value, [...kept, ...axes]);
  const shape = [...kept.map((axis) => value.shape[axis]!), dimProduct(axes.map((axis) => value.shape[axis]!))];
  const flat = graph.reshape(arranged, shape);
  const place = graph.emit("ArgMax", [flat.name], { axis: kept.length, keepdims: 0 });
  const narrow = graph.emit("Cast", [place], { to: 6 });
  return graph.reshape({ name: narrow, shape: shape.slice(0, -1) }, node.shape);
};

/** Leading axes may be repeated by MatMul itself. */
const matmul: Rule = (node, lowering) => {
  const rank = node.shape.length;
  const [a, b] = node.inputs.map((input) => lowering.full(input, [rank - 2, rank - 1])) as [Value, Value];
  const [left, right] = [a, b].map((value) => withoutOnes(lowering, value)) as [Value, Value];
  const shape = node.shape.map((dim, axis) =>
    axis < rank - 2 && a.shape[axis] === 1 && b.shape[axis] === 1 ? 1 : dim,
  );
  const name = lowering.graph.emit("MatMul", [left.name, right.name]);
  const joint = Math.max(left.shape.length, right.shape.length);
  return lowering.graph.reshape({ name, shape: shape.slice(rank - joint) }, shape);
};

/** A matrix that all of the batch shares, as a matrix: ONNX Runtime is quicker with it. */
function withoutOnes({ graph }: Lowering, value: Value): Value {
  const leading = value.shape.slice(0, -2);
  return leading.length > 0 && leading.every((dim) => dim === 1) ? graph.reshape(value, value.shape.slice(-2)) : value;
}

interface Geometry {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly groups: number;
}

/** ONNX has the channels before the spatial axes. */
function channelsFirst({ graph }: Lowering, value: Value): Value {
  const spatial = [...value.shape.keys()].slice(1, -1);
  return graph.transpose(value, [0, value.shape.length - 1, ...spatial]);
}

function channelsLast({ graph }: Lowering, value: Value): Value {
  const spatial = [...value.shape.keys()].slice(2);
  return graph.transpose(value, [0, ...spatial, 1]);
}

/** A kernel [K.., C / groups, F] as [F, C / groups, K..]. */
function filtersFirst({ graph }: Lowering, value: Value): Value {
  const rank = value.shape.length;
  return graph.transpose(value, [rank - 1, rank - 2, ...[...value.shape.keys()].slice(0, -2)]);
}

function attributesOf({ strides, dilation, padding, groups }: Geometry) {
  if (padding.flat().some((pad) => pad < 0)) fail("a convolution has negative padding", "padding of 0 or more");
  const pads = [...padding.map(([before]) => before), ...padding.map(([, after]) => after)];
  return { strides, dilations: dilation, pads, group: groups };
}

const conv: Rule = (node, lowering) => {
  const [x, w] = node.inputs.map((input) => lowering.full(input)) as [Value, Value];
  const attributes = attributesOf(node.attributes as unknown as Geometry);
  const inputs = [channelsFirst(lowering, x).name, filtersFirst(lowering, w).name];
  const [batch, ...rest] = node.shape as [Dim, ...Dim[]];
  const name = lowering.graph.emit("Conv", inputs, attributes);
  return channelsLast(lowering, { name, shape: [batch, rest.at(-1)!, ...rest.slice(0, -1)] });
};

/** The convolution that `node` is the gradient of, by its input: ConvTranspose. */
const convInput: Rule = (node, lowering) => {
  const [y, w] = node.inputs.map((input) => lowering.full(input)) as [Value, Value];
  const geometry = node.attributes as unknown as Geometry;
  const { strides, dilation, padding } = geometry;
  const output_padding = strides.map((stride, i) => {
    const [given, kernel, size] = [y.shape[i + 1], w.shape[i], node.shape[i + 1]];
    const least = ((given as number) - 1) * stride + ((kernel as number) - 1) * dilation[i]! + 1 - padding[i]![0] - padding[i]![1]; // biome-ignore format: one line
    return (size as number) - least;
  });
  const inputs = [channelsFirst(lowering, y).name, filtersFirst(lowering, w).name];
  const name = lowering.graph.emit("ConvTranspose", inputs, { ...attributesOf(geometry), output_padding });
  const [batch, ...rest] = node.shape as [Dim, ...Dim[]];
  return channelsLast(lowering, { name, shape: [batch, rest.at(-1)!, ...rest.slice(0, -1)] });
};

export const SUM_RULES = {
  sum: reduce("ReduceSum"),
  max: reduce("ReduceMax"),
  min: reduce("ReduceMin"),
  prod: reduce("ReduceProd"),
  argmax,
  matmul,
  conv,
  convInput,
  convWeight: () => fail("a kernel's gradient is part of it", "what a model computes forward"),
} as const satisfies Record<string, Rule>;
