import type { DType } from "../../../ir/index.ts";
import type { GraphNode } from "../../unify.ts";
import type { GraphBuilder } from "../builder.ts";
import { broadcastShape, type Lowering, type Rule } from "../lowering.ts";
import { ELEMENT, HELD } from "../schema.ts";

/** Names of operands in, the name of the result out; constants have as many axes as the operands. */
type Expression = (operands: readonly string[], tools: Tools) => string;

interface Tools {
  readonly graph: GraphBuilder;
  readonly node: GraphNode;
  readonly lowering: Lowering;
  /** The dtype of the operands (of the last, if they differ). */
  readonly dtype: DType;
  readonly op: (type: string, ...inputs: string[]) => string;
  /** A number of the operands' dtype. */
  readonly number: (value: number, dtype?: DType) => string;
}

function elementwise(expression: Expression): Rule {
  return (node, lowering) => {
    const { graph } = lowering;
    const values = node.inputs.map((input) => lowering.value(input));
    const dtype = node.inputs.at(-1)?.dtype ?? node.dtype;
    const tools: Tools = {
      graph,
      node,
      lowering,
      dtype,
      op: (type, ...inputs) => graph.emit(type, inputs),
      number: (value, as = dtype) => graph.scalar(value, as, node.shape.length),
    };
    const name = expression(
      values.map(({ name }) => name),
      tools,
    );
    return { name, shape: broadcastShape(values) };
  };
}

/** The op of ONNX that means the same. */
const same = (type: string): Rule => elementwise((operands, { op }) => op(type, ...operands));

/** Arithmetic whose results may leave the range: uint32 is held in int64. */
const wrapping = (type: string): Rule =>
  elementwise((operands, { op, dtype, number }) => {
    const result = op(type, ...operands);
    return dtype === "uint32" ? op("Mod", result, number(2 ** 32)) : result;
  });

/** ONNX compares numbers and, since version 11, bools for equality; their order is that of 0 and 1. */
const comparison = (type: string): Rule =>
  elementwise((operands, { op, dtype, graph }) => {
    const isOrder = dtype === "bool" && type !== "Equal";
    return op(type, ...operands.map((each) => (isOrder ? castTo(graph, each, "int32") : each)));
  });

function castTo(graph: GraphBuilder, name: string, dtype: DType): string {
  return graph.emit("Cast", [name], { to: ELEMENT[HELD[dtype]] });
}

/** exp(x) - 1 loses its digits near 0; there, with t = tanh(x / 2), it is 2 t / (1 - t). */
const expm1: Rule = elementwise(([x], { op, number }) => {
  const t = op("Tanh", op("Mul", x!, number(0.5)));
  const near = op("Div", op("Mul", t, number(2)), op("Sub", number(1), t));
  const far = op("Sub", op("Exp", x!), number(1));
  return op("Where", op("Less", op("Abs", x!), number(0.5)), near, far);
});

/** log(u) x / (u - 1) with u = 1 + x as it is rounded (Goldberg, 1991, theorem 4); far from 0 log(u). */
const log1p: Rule = elementwise(([x], { op, number }) => {
  const u = op("Add", x!, number(1));
  const logarithm = op("Log", u);
  const rounded = op("Equal", u, number(1));
  const slope = op("Div", x!, op("Sub", u, op("Where", rounded, number(0), number(1))));
  const near = op("Where", rounded, x!, op("Mul", logarithm, slope));
  return op("Where", op("Less", op("Abs", x!), number(0.5)), near, logarithm);
});

/** The sign of the dividend, as in C; integers by 0 give 0. */
const rem: Rule = elementwise(([a, b], { op, graph, dtype, number, node, lowering }) => {
  const mod = (divisor: string) => graph.emit("Mod", [a!, divisor], { fmod: 1 });
  const divisors = lowering.numbers(node.inputs[1]!);
  if (dtype === "float32" || divisors?.every((value) => value !== 0)) return mod(b!);
  const none = op("Equal", b!, number(0));
  return op("Where", none, number(0), mod(op("Where", none, number(1), b!)));
});

const LIMITS = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1], uint8: [0, 255] } as const;

/** Floats are cut off towards 0 and end at the limits, NaN gives 0; integers wrap around; anything is true but 0. */
const cast: Rule = elementwise(([x], { op, graph, node, dtype: from, number }) => {
  const to = node.dtype;
  if (to === from) return x!;
  if (to === "bool") return op("Not", op("Equal", x!, number(0)));
  if (to === "float32" || from === "bool") return castTo(graph, x!, to);
  const [low, high] = LIMITS[to];
  const whole = (value: string) => graph.emit("Cast", [value], { to: ELEMENT.int64 });
  const wide = (value: number) => number(value, "uint32"); // int64
  if (from === "float32") {
    const bounded = op("Min", op("Max", op("Where", op("IsNaN", x!), number(0), x!), number(low)), number(high));
    const cut = op("Min", whole(bounded), wide(high)); // float32 rounds 2^31 - 1 up
    return to === "uint32" ? cut : castTo(graph, cut, to);
  }
  const range = high - low + 1;
  const shifted = op("Mod", op("Sub", whole(x!), wide(low)), wide(range));
  const wrapped = op("Add", shifted, wide(low));
  return to === "uint32" ? wrapped : castTo(graph, wrapped, to);
});

export const ELEMENTWISE_RULES = {
  add: wrapping("Add"),
  sub: wrapping("Sub"),
  mul: wrapping("Mul"),
  div: same("Div"),
  neg: elementwise(([x], { op, dtype, number }) =>
    dtype === "uint32" ? op("Mod", op("Neg", x!), number(2 ** 32)) : op("Neg", x!),
  ),
  exp: same("Exp"),
  expm1,
  log: same("Log"),
  log1p,
  sqrt: same("Sqrt"),
  sigmoid: same("Sigmoid"),
  tanh: same("Tanh"),
  erf: same("Erf"),
  sin: same("Sin"),
  cos: same("Cos"),
  pow: same("Pow"),
  relu: same("Relu"),
  maximum: same("Max"),
  minimum: same("Min"),
  sign: same("Sign"),
  abs: same("Abs"),
  floor: same("Floor"),
  ceil: same("Ceil"),
  round: same("Round"),
  rem,
  eq: comparison("Equal"),
  ne: elementwise((operands, { op }) => op("Not", op("Equal", ...operands))),
  lt: comparison("Less"),
  le: comparison("LessOrEqual"),
  and: same("And"),
  or: same("Or"),
  not: same("Not"),
  // ONNX Runtime chooses between numbers, not bools.
  select: elementwise(([condition, a, b], { op, dtype }) =>
    dtype === "bool"
      ? op("Or", op("And", condition!, a!), op("And", op("Not", condition!), b!))
      : op("Where", condition!, a!, b!),
  ),
  cast,
} as const satisfies Record<string, Rule>;
