import type { Width } from "../../../codegen/index.ts";
import type { ScalarOp, ScalarType } from "../../../ir/index.ts";
import { bitsOf, type Code, call, choose, f32, i32, ins, type ValueType, v128 } from "../encode/index.ts";

/** How a value is kept: a mask is an integer of all bits or none. */
export function valueType(type: ScalarType, width: Width): ValueType {
  if (width === "vector") return "v128";
  return type === "f32" ? "f32" : "i32";
}

/** A number as an instruction. */
export function literal(value: number, type: ScalarType): Code {
  if (type === "f32") return f32(value);
  return i32(bitsOfLane(value, type));
}

/** The 32 bits of a number in a lane. */
export function bitsOfLane(value: number, type: ScalarType): number {
  switch (type) {
    case "f32":
      return bitsOf(value);
    case "mask":
      return value !== 0 ? -1 : 0;
    default:
      // Out of range saturates, as in C's constants of the same value.
      return type === "i32" ? Math.max(-2147483648, Math.min(2147483647, value)) | 0 : value >>> 0;
  }
}

/** Remainder of float32 numbers, with the dividend's sign: see remainder.ts. */
export const REMAINDER = "remainder";

export interface InstructionOptions {
  /** Whether relaxed SIMD's fused multiply-add may be used. */
  readonly fusedMultiplyAdd: boolean;
  /** Computes lane by lane what has no vector instruction. */
  readonly byLane: (
    type: ScalarType,
    from: ScalarType,
    args: readonly Code[],
    each: (args: readonly Code[]) => Code,
  ) => Code;
  /** The value of an operand that is a literal. */
  readonly literalOf: (operand: Code) => number | undefined;
}

const ARITHMETIC = { add: "add", sub: "sub", mul: "mul" } as const;
const BITWISE = { and: "and", or: "or", xor: "xor" } as const;
const COMPARE = { eq: "eq", ne: "ne", lt: "lt", le: "le" } as const;
const UNARY_FLOAT = { neg: "neg", abs: "abs", sqrt: "sqrt", floor: "floor", ceil: "ceil", nearest: "nearest" } as const;

/** One instruction over operands. `from` is the operands' type, `type` the result's. */
export function instruction(
  op: ScalarOp,
  type: ScalarType,
  from: ScalarType,
  args: readonly Code[],
  width: Width,
  options: InstructionOptions,
): Code {
  const amount = op === "shl" || op === "shr" ? options.literalOf(args[1]!) : 0;
  if (amount === undefined) throw new Error("Descent bug: a shift by something that is no literal");
  if (width === "scalar") return scalarInstruction(op, type, from, args, amount);
  return vectorInstruction(op, type, from, args, amount, options);
}

function vectorInstruction(
  op: ScalarOp,
  type: ScalarType,
  from: ScalarType,
  args: readonly Code[],
  amount: number,
  options: InstructionOptions,
): Code {
  const [a, b, c] = args as [Code, Code, Code];
  if (op in BITWISE) return ins(`v128.${op as keyof typeof BITWISE}`, a, b);
  if (op in COMPARE) {
    const test = op as keyof typeof COMPARE;
    if (from === "f32") return ins(`f32x4.${test}`, a, b);
    if (test === "eq" || test === "ne") return ins(`i32x4.${test}`, a, b);
    return ins(`i32x4.${test}_${from === "u32" ? "u" : "s"}`, a, b);
  }
  switch (op) {
    case "not":
      return ins("v128.not", a);
    case "select":
      return ins("v128.bitselect", b, c, a);
    case "bitcast":
      return a;
    case "convert":
      return vectorConversion(type, from, a);
  }
  if (type === "f32") {
    if (op in ARITHMETIC) return ins(`f32x4.${op as keyof typeof ARITHMETIC}`, a, b);
    if (op in UNARY_FLOAT) return ins(`f32x4.${op as keyof typeof UNARY_FLOAT}`, a);
    switch (op) {
      case "div":
        return ins("f32x4.div", a, b);
      case "fma":
        return options.fusedMultiplyAdd
          ? ins("f32x4.relaxed_madd", a, b, c)
          : ins("f32x4.add", ins("f32x4.mul", a, b), c);
      // pmin(x, y) is y < x ? y : x, so that the second operand is wanted when one is NaN.
      case "lesser":
        return ins("f32x4.pmin", b, a);
      case "greater":
        return ins("f32x4.pmax", b, a);
    }
  } else {
    const sign = type === "u32" ? "u" : "s";
    if (op in ARITHMETIC) return ins(`i32x4.${op as keyof typeof ARITHMETIC}`, a, b);
    switch (op) {
      case "neg":
      case "abs":
        return ins(`i32x4.${op}`, a);
      case "lesser":
        return ins(`i32x4.min_${sign}`, a, b);
      case "greater":
        return ins(`i32x4.max_${sign}`, a, b);
      case "shl":
        return ins("i32x4.shl", a, i32(amount));
      case "shr":
        return ins(`i32x4.shr_${sign}`, a, i32(amount));
    }
  }
  return options.byLane(type, from, args, (each) => scalarInstruction(op, type, from, each, amount));
}

function vectorConversion(to: ScalarType, from: ScalarType, value: Code): Code {
  if (to === "mask") return ins(from === "f32" ? "f32x4.ne" : "i32x4.ne", value, v128(0));
  if (from === "mask") return ins("v128.and", value, v128(to === "f32" ? bitsOf(1) : 1));
  if (from === "f32") return ins(`i32x4.trunc_sat_f32x4_${to === "u32" ? "u" : "s"}`, value);
  if (to === "f32") return ins(`f32x4.convert_i32x4_${from === "u32" ? "u" : "s"}`, value);
  return value;
}

function scalarInstruction(
  op: ScalarOp,
  type: ScalarType,
  from: ScalarType,
  args: readonly Code[],
  amount: number,
): Code {
  const [a, b, c] = args as [Code, Code, Code];
  if (op in BITWISE) return ins(`i32.${op as keyof typeof BITWISE}`, a, b);
  if (op in COMPARE) return ins("i32.sub", i32(0), comparison(op as keyof typeof COMPARE, from, a, b));
  switch (op) {
    case "not":
      return ins("i32.xor", a, i32(-1));
    case "select":
      return ins("select", b, c, a);
    case "bitcast":
      if (from === "f32" && type !== "f32") return ins("i32.reinterpret_f32", a);
      return type === "f32" && from !== "f32" ? ins("f32.reinterpret_i32", a) : a;
    case "convert":
      return scalarConversion(type, from, a);
    case "lesser":
      return ins("select", a, b, comparison("lt", type, a, b));
    case "greater":
      return ins("select", a, b, comparison("lt", type, b, a));
  }
  if (type === "f32") {
    if (op in ARITHMETIC) return ins(`f32.${op as keyof typeof ARITHMETIC}`, a, b);
    if (op in UNARY_FLOAT) return ins(`f32.${op as keyof typeof UNARY_FLOAT}`, a);
    switch (op) {
      case "div":
        return ins("f32.div", a, b);
      case "rem":
        return call(REMAINDER, a, b);
      case "fma": {
        // The product is exact in float64.
        const wide = (value: Code) => ins("f64.promote_f32", value);
        return ins("f32.demote_f64", ins("f64.add", ins("f64.mul", wide(a), wide(b)), wide(c)));
      }
    }
  } else {
    const sign = type === "u32" ? "u" : "s";
    if (op in ARITHMETIC) return ins(`i32.${op as keyof typeof ARITHMETIC}`, a, b);
    switch (op) {
      case "neg":
        return ins("i32.sub", i32(0), a);
      case "abs":
        return ins("select", ins("i32.sub", i32(0), a), a, ins("i32.lt_s", a, i32(0)));
      case "shl":
        return ins("i32.shl", a, i32(amount));
      case "shr":
        return ins(`i32.shr_${sign}`, a, i32(amount));
      // Division by 0 gives 0; the least integer by -1 is itself.
      case "div": {
        const quotient = ins(`i32.div_${sign}`, a, b);
        const safe =
          sign === "u" ? quotient : choose("i32", ins("i32.eq", b, i32(-1)), ins("i32.sub", i32(0), a), quotient);
        return choose("i32", b, safe, i32(0));
      }
      case "rem":
        return choose("i32", b, ins(`i32.rem_${sign}`, a, b), i32(0));
    }
  }
  throw new Error(`Descent bug: the scalar instruction ${op} has no WebAssembly`);
}

/** 1 where a comparison holds, else 0. */
function comparison(op: keyof typeof COMPARE, from: ScalarType, a: Code, b: Code): Code {
  if (from === "f32") return ins(`f32.${op}`, a, b);
  if (op === "eq" || op === "ne") return ins(`i32.${op}`, a, b);
  return ins(`i32.${op}_${from === "u32" ? "u" : "s"}`, a, b);
}

function scalarConversion(to: ScalarType, from: ScalarType, value: Code): Code {
  if (to === "mask") return ins("i32.sub", i32(0), comparison("ne", from, value, literal(0, from)));
  if (from === "mask") return to === "f32" ? ins("select", f32(1), f32(0), value) : ins("i32.and", value, i32(1));
  if (from === "f32") return ins(`i32.trunc_sat_f32_${to === "u32" ? "u" : "s"}`, value);
  if (to === "f32") return ins(`f32.convert_i32_${from === "u32" ? "u" : "s"}`, value);
  return value;
}
