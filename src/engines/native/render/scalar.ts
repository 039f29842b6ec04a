import type { Width } from "../../../codegen/index.ts";
import type { ScalarOp, ScalarType } from "../../../ir/index.ts";

const SUFFIX: Record<ScalarType, "f" | "i" | "u"> = { f32: "f", i32: "i", u32: "u", mask: "i" };

/** C type of a value: a mask is an integer of all bits or none. */
export function cType(type: ScalarType, width: Width): string {
  if (width === "vector") return `v${SUFFIX[type]}`;
  return { f: "float", i: "int32_t", u: "uint32_t" }[SUFFIX[type]];
}

/** A number as a C literal of exactly that float32 or integer. */
export function literal(value: number, type: ScalarType): string {
  switch (type) {
    case "f32": {
      if (Number.isNaN(value)) return '__builtin_nanf("")';
      const single = Math.fround(value);
      if (!Number.isFinite(single)) return single > 0 ? "__builtin_inff()" : "(-__builtin_inff())";
      const text = Object.is(single, -0) ? "-0.0" : String(single);
      const decimal = /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
      return text.startsWith("-") ? `(${decimal})` : decimal;
    }
    case "i32":
      return value <= -2147483648 ? "INT32_MIN" : value < 0 ? `(${value | 0})` : String(value | 0);
    case "u32":
      return `${value >>> 0}u`;
    case "mask":
      return value !== 0 ? "(-1)" : "0";
  }
}

/** A scalar value in every lane. */
export function splat(value: string, type: ScalarType): string {
  return `splat_${SUFFIX[type]}(${value})`;
}

const INFIX: Partial<Record<ScalarOp, string>> = { add: "+", sub: "-", mul: "*", and: "&", or: "|", xor: "^" };
const COMPARE: Partial<Record<ScalarOp, string>> = { eq: "==", ne: "!=", lt: "<", le: "<=" };

/** One instruction over already rendered operands. `from` is the operands' type, `type` the result's. */
export function instruction(
  op: ScalarOp,
  type: ScalarType,
  from: ScalarType,
  args: readonly string[],
  width: Width,
): string {
  const [a, b, c] = args as [string, string, string];
  const vector = width === "vector";
  const suffix = SUFFIX[type];
  const named = (name: string) => `${name}_${vector ? "v" : ""}${suffix}`;
  if (INFIX[op]) {
    // Signed integers wrap: their sums are taken unsigned.
    const wraps = type === "i32" && (op === "add" || op === "sub" || op === "mul");
    const unsigned = vector ? "vu" : "uint32_t";
    if (wraps) return `(${cType("i32", width)})((${unsigned})${a} ${INFIX[op]} (${unsigned})${b})`;
    return `(${a} ${INFIX[op]} ${b})`;
  }
  if (COMPARE[op]) return vector ? `(vi)(${a} ${COMPARE[op]} ${b})` : `-(int32_t)(${a} ${COMPARE[op]} ${b})`;
  switch (op) {
    case "div":
      return type === "f32" ? `(${a} / ${b})` : `${named("div")}(${a}, ${b})`;
    case "rem":
      return `${named("rem")}(${a}, ${b})`;
    case "neg":
      return type === "i32" ? instruction("sub", "i32", "i32", [vector ? "(vi){0}" : "0", a], width) : `(-${a})`;
    case "not":
      return `(~${a})`;
    case "abs":
      return `${named("abs")}(${a})`;
    case "sqrt":
    case "floor":
    case "ceil":
    case "nearest": {
      const builtin = { sqrt: "sqrtf", floor: "floorf", ceil: "ceilf", nearest: "rintf" }[op];
      return vector ? `${op}_vf(${a})` : `__builtin_${builtin}(${a})`;
    }
    case "fma":
      return `(${a} * ${b} + ${c})`;
    case "lesser":
    case "greater": {
      const test = op === "lesser" ? "<" : ">";
      return vector ? `choose_v${suffix}((vi)(${a} ${test} ${b}), ${a}, ${b})` : `(${a} ${test} ${b} ? ${a} : ${b})`;
    }
    case "shl":
      return `(${cType(type, width)})((${vector ? "vu" : "uint32_t"})${a} << ${b})`;
    case "shr":
      return `(${a} >> ${b})`;
    case "select":
      return vector ? `choose_v${suffix}(${a}, ${b}, ${c})` : `(${a} ? ${b} : ${c})`;
    case "bitcast":
      return vector ? `(${cType(type, width)})${a}` : `((bits32){.${SUFFIX[from]} = ${a}}).${suffix}`;
    case "convert":
      return conversion(type, from, a, width);
    default:
      throw new Error(`Descent bug: the scalar instruction ${op} has no C`);
  }
}

function conversion(to: ScalarType, from: ScalarType, value: string, width: Width): string {
  const vector = width === "vector";
  if (to === "mask") return vector ? `(vi)(${value} != 0)` : `-(int32_t)(${value} != 0)`;
  if (from === "mask") {
    if (to === "f32") return vector ? `(vf)(${value} & 0x3f800000)` : `(${value} ? 1.0f : 0.0f)`;
    return `(${cType(to, width)})(${value} & 1)`;
  }
  if (from === "f32") return vector ? `f_to_v${SUFFIX[to]}(${value})` : `f_to_${SUFFIX[to]}(${value})`;
  if (to === "f32") return vector ? `__builtin_convertvector(${value}, vf)` : `(float)${value}`;
  return `(${cType(to, width)})${value}`;
}
