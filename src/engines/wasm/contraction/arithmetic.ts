import {
  block,
  type Code,
  type FunctionBuilder,
  i32,
  ins,
  type LocalReference,
  leave,
  local,
  repeatWhile,
} from "../encode/index.ts";

/** Integer arithmetic with constants, which vanishes where it changes nothing. */
export const plus = (value: Code, constant: number): Code =>
  constant === 0 ? value : ins("i32.add", value, i32(constant));

export const times = (value: Code, constant: number): Code => {
  if (constant === 1) return value;
  const power = Math.log2(constant);
  return Number.isInteger(power) ? ins("i32.shl", value, i32(power)) : ins("i32.mul", value, i32(constant));
};

/** Quotient and remainder of numbers that are not negative. */
export const quotient = (value: Code, divisor: number): Code =>
  divisor === 1 ? value : ins("i32.div_u", value, i32(divisor));

export const remainder = (value: Code, divisor: number): Code =>
  divisor === 1 ? i32(0) : ins("i32.rem_u", value, i32(divisor));

export const add = (...values: readonly Code[]): Code => values.reduce((sum, value) => ins("i32.add", sum, value));

export const multiply = (a: Code, b: Code): Code => ins("i32.mul", a, b);

/** The lesser of two values that are computed without effects. */
export const least = (a: Code, b: Code): Code => ins("select", a, b, ins("i32.lt_s", a, b));

/** 0, 1, ... count - 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A loop of `index` from `from` to below `to`, which may have no turn at all. */
export function count(
  builder: FunctionBuilder,
  from: Code,
  to: Code,
  step: number,
  body: (index: LocalReference) => Code,
): Code {
  const index = builder.local("i32");
  const inner = body(index);
  return [
    local.set(index, from),
    block([
      leave(0, ins("i32.ge_s", local.get(index), to)),
      repeatWhile(inner, ins("i32.lt_s", local.tee(index, plus(local.get(index), step)), to)),
    ]),
  ];
}

/** x * y + z in every lane: rounded once, or twice where the host can't. */
export const multiplyAdd = (fused: boolean, x: Code, y: Code, z: Code): Code =>
  fused ? ins("f32x4.relaxed_madd", x, y, z) : ins("f32x4.add", z, ins("f32x4.mul", x, y));

type Named<N extends string> = Readonly<Record<N, LocalReference>>;

/** Integer parameters by name, in order. */
export const parameters = <N extends string>(builder: FunctionBuilder, ...names: readonly N[]): Named<N> =>
  Object.fromEntries(names.map((name) => [name, builder.parameter("i32")])) as Named<N>;

/** Integer locals by name. */
export const integers = <N extends string>(builder: FunctionBuilder, ...names: readonly N[]): Named<N> =>
  Object.fromEntries(names.map((name) => [name, builder.local("i32")])) as Named<N>;
