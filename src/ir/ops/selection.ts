import { type DType, isFloat, wrap } from "../dtype.ts";
import { apply, type ElementwiseOp, type Named, type Node } from "../op.ts";
import { scalar } from "../scalar/expression.ts";
import { elementwise, laneType, mapElements } from "./elementwise.ts";
import { constantLike } from "./sources.ts";

function comparison<const Name extends "eq" | "ne" | "lt" | "le">(
  name: Name,
  meaning: (a: number, b: number) => boolean,
): Named<ElementwiseOp, Name> {
  return elementwise({
    name,
    arity: 2,
    signature: "comparison",
    meaning: (a, b) => (meaning(a, b) ? 1 : 0),
    lower: ([a, b]) => (a!.type === "mask" ? lowerBits(name, a!, b!) : scalar[name](a!, b!)),
    gradient: null,
  });
}

/** Comparisons of bools, from bit operations on masks. */
function lowerBits(name: "eq" | "ne" | "lt" | "le", a: Parameters<typeof scalar.not>[0], b: typeof a) {
  switch (name) {
    case "eq":
      return scalar.not(scalar.xor(a, b));
    case "ne":
      return scalar.xor(a, b);
    case "lt":
      return scalar.and(scalar.not(a), b);
    case "le":
      return scalar.or(scalar.not(a), b);
  }
}

export const eqOp = comparison("eq", (a, b) => a === b);
export const neOp = comparison("ne", (a, b) => a !== b);
export const ltOp = comparison("lt", (a, b) => a < b);
export const leOp = comparison("le", (a, b) => a <= b);

export const eq = (a: Node, b: Node): Node => apply(eqOp, [a, b]);
export const ne = (a: Node, b: Node): Node => apply(neOp, [a, b]);
export const lt = (a: Node, b: Node): Node => apply(ltOp, [a, b]);
export const le = (a: Node, b: Node): Node => apply(leOp, [a, b]);

export const andOp = elementwise({
  name: "and",
  arity: 2,
  signature: "logical",
  meaning: (a, b) => a & b,
  lower: ([a, b]) => scalar.and(a!, b!),
  gradient: null,
});

export const orOp = elementwise({
  name: "or",
  arity: 2,
  signature: "logical",
  meaning: (a, b) => a | b,
  lower: ([a, b]) => scalar.or(a!, b!),
  gradient: null,
});

export const notOp = elementwise({
  name: "not",
  arity: 1,
  signature: "logical",
  meaning: (a) => 1 - a,
  lower: ([a]) => scalar.not(a!),
  gradient: null,
});

export const and = (a: Node, b: Node): Node => apply(andOp, [a, b]);
export const or = (a: Node, b: Node): Node => apply(orOp, [a, b]);
export const not = (a: Node): Node => apply(notOp, [a]);

const whole = [37] as const;

export const selectOp: Named<ElementwiseOp, "select"> = {
  ...elementwise({
    name: "select",
    arity: 3,
    signature: "numeric",
    meaning: (condition, a, b) => (condition !== 0 ? a : b),
    lower: ([condition, a, b]) => scalar.select(condition!, a!, b!),
    gradient: ({ inputs: [condition], grad }) => [
      null,
      select(condition!, grad, constantLike(grad, 0)),
      select(condition!, constantLike(grad, 0), grad),
    ],
  }),
  infer: ([condition, a, b]) => {
    if (condition?.dtype !== "bool" || a?.dtype !== b?.dtype) {
      throw new Error(`select(${condition?.dtype}, ${a?.dtype}, ${b?.dtype}); it takes bool and two of one type`);
    }
    if ([condition, a].some((each) => each!.shape.join() !== b!.shape.join()))
      throw new Error("select of different shapes");
    return { shape: a!.shape, dtype: a!.dtype };
  },
  samples: (["float32", "int32", "bool"] as const).map((dtype) => ({
    inputs: [
      { shape: whole, dtype: "bool" },
      { shape: whole, dtype },
      { shape: whole, dtype },
    ],
  })),
};

/** a where the condition holds, b elsewhere. */
export const select = (condition: Node, a: Node, b: Node): Node => apply(selectOp, [condition, a, b]);

/** The numbers that integer types hold. */
const LIMITS = { int32: [-2147483648, 2147483647], uint32: [0, 4294967295], uint8: [0, 255] } as const;

/** float -> integer truncates towards zero and saturates, NaN gives 0; integer -> integer wraps; anything -> bool is "not zero". */
function convert(value: number, from: DType, to: DType): number {
  if (to === "float32") return value;
  if (to === "bool") return value !== 0 ? 1 : 0;
  if (!isFloat(from)) return wrap(value, to);
  if (Number.isNaN(value)) return 0;
  const [low, high] = LIMITS[to];
  return Math.min(high, Math.max(low, Math.trunc(value)));
}

export const castOp: Named<ElementwiseOp, "cast"> = {
  name: "cast",
  family: "elementwise",
  infer: ([x], { dtype }) => ({ shape: x!.shape, dtype: dtype as DType }),
  meaning: () => {
    throw new Error("cast needs its target type");
  },
  evaluate: (inputs, node) =>
    mapElements(inputs, node.dtype, (value) => convert(value, node.inputs[0]!.dtype, node.dtype)),
  lower: ([x], result) => {
    const target = laneType(result);
    if (target === "mask") return x!.type === "mask" ? x! : scalar.ne(x!, 0);
    const converted = scalar.convert(x!, target);
    if (result !== "uint8") return converted;
    return x!.type === "f32" ? scalar.lesser(converted, 255) : scalar.and(converted, 255);
  },
  gradient: ({ inputs, grad }) => [isFloat(inputs[0]!.dtype) && isFloat(grad.dtype) ? grad : null],
  samples: (["float32", "int32", "uint8", "bool"] as const).flatMap((from) =>
    (["float32", "int32", "uint8", "bool"] as const).map((to) => ({
      inputs: [{ shape: whole, dtype: from, range: from === "bool" ? [0, 1] : [0, 9] }],
      attributes: { dtype: to },
    })),
  ) as ElementwiseOp["samples"],
};

/** The values as another type. */
export const cast = (x: Node, dtype: DType): Node => (x.dtype === dtype ? x : apply(castOp, [x], { dtype }));

export const SELECTION_OPS = [eqOp, neOp, ltOp, leOp, andOp, orOp, notOp, selectOp, castOp] as const;
