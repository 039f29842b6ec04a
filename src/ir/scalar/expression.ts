/**
 * The scalar instruction set: what one lane of any machine can do. Elementwise ops are defined by expressions of these, and a
 * code generator renders these and nothing else. Transcendental functions are polynomials of them (see the sibling files).
 */

/** Type of a lane. A mask is the result of a comparison: all bits set or none; it never leaves a kernel but as bool. */
export type ScalarType = "f32" | "i32" | "u32" | "mask";

export type ScalarOp =
  | "const" // value
  | "arg" // the n-th operand of the op being defined
  | "add" // f32 i32 u32 (integers wrap)
  | "sub"
  | "mul"
  | "div" // f32: IEEE; integers: truncated, x / 0 = 0
  | "rem" // f32: C's fmod sign rule (sign of the dividend); integers likewise, x % 0 = 0
  | "neg"
  | "abs"
  | "sqrt" // f32, correctly rounded
  | "floor" // f32
  | "ceil" // f32
  | "nearest" // f32, ties to even
  | "fma" // f32, a * b + c, may or may not round in between
  | "lesser" // a < b ? a : b; second operand when unordered
  | "greater" // a > b ? a : b; second operand when unordered
  | "eq" // -> mask; false when unordered
  | "ne" // -> mask; true when unordered
  | "lt"
  | "le"
  | "and" // i32 u32 mask, bitwise
  | "or"
  | "xor"
  | "not"
  | "shl" // i32 u32 by a constant amount
  | "shr" // arithmetic for i32, logical for u32
  | "select" // (mask, a, b)
  | "convert" // value conversion between f32, i32, u32 (f32 -> integer truncates, saturating) and mask -> f32/i32/u32 (0 or 1)
  | "bitcast"; // the same 32 bits under another type

/** An expression over the lanes of the operands; a directed acyclic graph: shared nodes are computed once. */
export interface Scalar {
  readonly op: ScalarOp;
  readonly type: ScalarType;
  readonly args: readonly Scalar[];
  /** The constant's value, or the operand's number. */
  readonly value?: number;
}

function node(op: ScalarOp, type: ScalarType, args: readonly Scalar[], value?: number): Scalar {
  return value === undefined ? { op, type, args } : { op, type, args, value };
}

/** A number where an expression is expected becomes a constant of the partner's type. */
export type ScalarLike = Scalar | number;

function lift(like: ScalarLike, type: ScalarType): Scalar {
  return typeof like === "number" ? node("const", type, [], like) : like;
}

function pair(a: ScalarLike, b: ScalarLike): [Scalar, Scalar] {
  const type = typeof a !== "number" ? a.type : typeof b !== "number" ? b.type : "f32";
  return [lift(a, type), lift(b, type)];
}

function binary(op: ScalarOp) {
  return (a: ScalarLike, b: ScalarLike): Scalar => {
    const [x, y] = pair(a, b);
    return node(op, x.type, [x, y]);
  };
}

function comparison(op: ScalarOp) {
  return (a: ScalarLike, b: ScalarLike): Scalar => node(op, "mask", pair(a, b));
}

function unary(op: ScalarOp) {
  return (a: Scalar): Scalar => node(op, a.type, [a]);
}

/** Constructors of scalar expressions. */
export const scalar = {
  constant: (value: number, type: ScalarType = "f32"): Scalar => node("const", type, [], value),
  arg: (index: number, type: ScalarType): Scalar => node("arg", type, [], index),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  rem: binary("rem"),
  lesser: binary("lesser"),
  greater: binary("greater"),
  and: binary("and"),
  or: binary("or"),
  xor: binary("xor"),
  neg: unary("neg"),
  abs: unary("abs"),
  sqrt: unary("sqrt"),
  floor: unary("floor"),
  ceil: unary("ceil"),
  nearest: unary("nearest"),
  not: unary("not"),
  fma: (a: Scalar, b: ScalarLike, c: ScalarLike): Scalar => node("fma", a.type, [a, lift(b, a.type), lift(c, a.type)]),
  shl: (a: Scalar, amount: number): Scalar => node("shl", a.type, [a, lift(amount, a.type)]),
  shr: (a: Scalar, amount: number): Scalar => node("shr", a.type, [a, lift(amount, a.type)]),
  eq: comparison("eq"),
  ne: comparison("ne"),
  lt: comparison("lt"),
  le: comparison("le"),
  select: (mask: Scalar, a: ScalarLike, b: ScalarLike): Scalar => {
    const [x, y] = pair(a, b);
    return node("select", x.type, [mask, x, y]);
  },
  convert: (a: Scalar, type: ScalarType): Scalar => (a.type === type ? a : node("convert", type, [a])),
  bitcast: (a: Scalar, type: ScalarType): Scalar => (a.type === type ? a : node("bitcast", type, [a])),
} as const;
