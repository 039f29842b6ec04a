import type { Scalar } from "./expression.ts";

const words = new DataView(new ArrayBuffer(8));

/** -1 for a true mask: all bits set. */
function mask(condition: boolean): number {
  return condition ? -1 : 0;
}

/** a * b + c rounded once. The product is exact in float64; the sum is made odd when inexact, so that the last rounding is right. */
function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return Math.fround(sum);
  const part = sum - product;
  const error = product - (sum - part) + (c - part);
  if (error === 0) return Math.fround(sum);
  words.setFloat64(0, sum);
  const low = words.getUint32(4);
  if (low & 1) return Math.fround(sum);
  const away = error > 0 === sum > 0;
  const bits = words.getBigInt64(0) + (away ? 1n : -1n);
  words.setBigInt64(0, bits);
  return Math.fround(words.getFloat64(0));
}

/** Nearest integer, halves to even; a zero keeps the sign of x. */
function nearest(x: number): number {
  if (!(Math.abs(x) < 0x800000)) return x;
  const below = Math.floor(x);
  const rest = x - below;
  const rounded = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
  return rounded === 0 ? x * 0 : rounded;
}

function convert(value: number, from: Scalar["type"], to: Scalar["type"]): number {
  if (from === "mask") return -value;
  if (to === "f32") return Math.fround(value);
  if (from === "i32" || from === "u32") return to === "i32" ? value | 0 : value >>> 0;
  if (Number.isNaN(value)) return 0;
  const [low, high] = to === "i32" ? [-0x80000000, 0x7fffffff] : [0, 0xffffffff];
  return Math.trunc(Math.min(Math.max(value, low), high)) + 0;
}

function bitcast(value: number, from: Scalar["type"], to: Scalar["type"]): number {
  if (from === "f32") words.setFloat32(0, value);
  else words.setInt32(0, value);
  return to === "f32" ? words.getFloat32(0) : to === "u32" ? words.getUint32(0) : words.getInt32(0);
}

function floatOp(node: Scalar, a: number, b: number, c: number): number {
  switch (node.op) {
    case "add":
      return Math.fround(a + b);
    case "sub":
      return Math.fround(a - b);
    case "mul":
      return Math.fround(a * b);
    case "div":
      return Math.fround(a / b);
    case "rem":
      return a % b;
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "sqrt":
      return Math.fround(Math.sqrt(a));
    case "floor":
      return Math.floor(a);
    case "ceil":
      return Math.ceil(a);
    case "nearest":
      return nearest(a);
    case "fma":
      return fusedMultiplyAdd(a, b, c);
    default:
      throw new Error(`Descent bug: scalar op ${node.op} has no float meaning`);
  }
}

function integerOp(node: Scalar, a: number, b: number): number {
  switch (node.op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return Math.imul(a, b);
    case "div":
      return b === 0 ? 0 : Math.trunc(a / b);
    case "rem":
      return b === 0 ? 0 : a % b;
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "not":
      return ~a;
    case "shl":
      return a << b;
    case "shr":
      return node.type === "u32" ? a >>> b : a >> b;
    default:
      throw new Error(`Descent bug: scalar op ${node.op} has no integer meaning`);
  }
}

function apply(node: Scalar, values: readonly number[]): number {
  const [a = 0, b = 0, c = 0] = values;
  const source = node.args[0]?.type ?? node.type;
  switch (node.op) {
    case "eq":
      return mask(a === b);
    case "ne":
      return mask(a !== b);
    case "lt":
      return mask(a < b);
    case "le":
      return mask(a <= b);
    case "lesser":
      // Not Math.min or Math.max: the second operand is wanted when one is NaN.
      return a < b ? a : b;
    case "greater":
      // Not Math.min or Math.max: the second operand is wanted when one is NaN.
      return a > b ? a : b;
    case "select":
      return a !== 0 ? b : c;
    case "convert":
      return convert(a, source, node.type);
    case "bitcast":
      return bitcast(a, source, node.type);
  }
  if (node.type === "f32") return floatOp(node, a, b, c);
  return wrapInteger(integerOp(node, a, b), node.type);
}

function wrapInteger(value: number, type: Scalar["type"]): number {
  return type === "u32" ? value >>> 0 : value | 0;
}

/**
 * The value of an expression for the given operands, computed as a lane of a machine would: float32 rounded after each instruction
 * (fma once), 32-bit wrapping integers. A mask is -1 or 0.
 *
 * @example
 * evaluateScalar(exp(scalar.arg(0, "f32")), [1]); // 2.7182817459106445
 */
export function evaluateScalar(expression: Scalar, args: readonly number[]): number {
  const known = new Map<Scalar, number>();
  const visit = (node: Scalar): number => {
    const found = known.get(node);
    if (found !== undefined) return found;
    let value: number;
    if (node.op === "const" || node.op === "arg") {
      const raw = node.op === "const" ? node.value : args[node.value ?? 0];
      if (raw === undefined) throw new Error(`Descent bug: scalar ${node.op} ${node.value} has no value`);
      value =
        node.type === "f32" ? Math.fround(raw) : node.type === "mask" ? mask(raw !== 0) : wrapInteger(raw, node.type);
    } else value = apply(node, node.args.map(visit));
    known.set(node, value);
    return value;
  };
  return visit(expression);
}
