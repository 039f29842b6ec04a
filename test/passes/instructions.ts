import type { ScalarType } from "../../src/ir/index.ts";
import type { ScalarExpression } from "../../src/passes/index.ts";

export type Compute = () => number;

const words = new DataView(new ArrayBuffer(4));

function bitcast(value: number, from: ScalarType, to: ScalarType): number {
  if (from === "f32") words.setFloat32(0, value);
  else words.setInt32(0, value);
  return to === "f32" ? words.getFloat32(0) : to === "u32" ? words.getUint32(0) : words.getInt32(0);
}

function convert(value: number, from: ScalarType, to: ScalarType): number {
  if (from === "mask") return -value;
  if (to === "f32") return Math.fround(value);
  if (from !== "f32") return wrap(value, to);
  if (Number.isNaN(value)) return 0;
  const [low, high] = to === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return Math.trunc(Math.min(high, Math.max(low, value)));
}

function nearest(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

function wrap(value: number, type: ScalarType): number {
  if (type === "f32") return Math.fround(value);
  return type === "u32" ? value >>> 0 : value | 0;
}

const mask = (condition: boolean): number => (condition ? -1 : 0);

/** What an instruction does with the values of its arguments, in the words of the scalar set's definition. */
export function instruction({ op, type, value, args }: ScalarExpression, given: readonly Compute[]): Compute {
  const [a, b, c] = given as [Compute, Compute, Compute];
  const from = args[0]?.type ?? type;
  const float = type === "f32";
  const rounded =
    (f: Compute): Compute =>
    () =>
      wrap(f(), type);
  switch (op) {
    case "const": {
      const constant = type === "mask" ? mask(value !== 0) : wrap(value!, type);
      return () => constant;
    }
    case "add":
      return rounded(() => a() + b());
    case "sub":
      return rounded(() => a() - b());
    case "mul":
      return float ? rounded(() => a() * b()) : rounded(() => Math.imul(a(), b()));
    case "div":
      return float ? rounded(() => a() / b()) : rounded(() => (b() === 0 ? 0 : Math.trunc(a() / b())));
    case "rem":
      return float ? rounded(() => a() % b()) : rounded(() => (b() === 0 ? 0 : a() % b()));
    case "neg":
      return rounded(() => -a());
    case "abs":
      return rounded(() => Math.abs(a()));
    case "sqrt":
      return rounded(() => Math.sqrt(a()));
    case "floor":
      return () => Math.floor(a());
    case "ceil":
      return () => Math.ceil(a());
    case "nearest":
      return () => nearest(a());
    case "fma":
      return rounded(() => a() * b() + c());
    case "lesser":
      // Not Math.min or Math.max: the second operand is wanted when one is NaN
      return () => (a() < b() ? a() : b());
    case "greater":
      // Not Math.min or Math.max: the second operand is wanted when one is NaN
      return () => (a() > b() ? a() : b());
    case "eq":
      return () => mask(a() === b());
    case "ne":
      return () => mask(a() !== b());
    case "lt":
      return () => mask(a() < b());
    case "le":
      return () => mask(a() <= b());
    case "and":
      return rounded(() => a() & b());
    case "or":
      return rounded(() => a() | b());
    case "xor":
      return rounded(() => a() ^ b());
    case "not":
      return rounded(() => ~a());
    case "shl":
      return rounded(() => a() << b());
    case "shr":
      return type === "u32" ? () => a() >>> b() : () => a() >> b();
    case "select":
      return () => (a() !== 0 ? b() : c());
    case "convert":
      return () => convert(a(), from, type);
    case "bitcast":
      return () => bitcast(a(), from, type);
    case "arg":
      throw new Error("an operand's number in a kernel");
  }
}
