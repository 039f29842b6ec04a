import { type Linear, sizeOf } from "../../../codegen/index.ts";
import type { Access, Loop } from "../../../passes/index.ts";
import { guardText, indexText } from "../render/index-text.ts";
import { literal } from "../render/scalar.ts";

/** C name of a loop's index. */
export const loopName = (loop: number): string => (loop < 0 ? "none" : `i${loop}`); // of `NO_LOOP`

/** C type that counts the points of loops: 32-bit division by a constant is a multiplication. */
export const counterType = (loops: readonly Loop[]): string => (sizeOf(loops) < 2 ** 32 ? "uint32_t" : "uint64_t");

/** Declares the indices of `loops` at the point number `flat`, the last loop running fastest. */
export function decode(flat: string, loops: readonly Loop[]): string {
  const [first, ...others] = loops;
  if (!first) return "";
  if (others.length === 0) return `const long ${loopName(first.id)} = ${flat};`;
  const type = counterType(loops);
  const rest = `rest${first.id}`;
  const lines = others
    .reverse()
    .map(({ id, size }) => `const long ${loopName(id)} = ${rest} % ${size}u; ${rest} /= ${size}u;`);
  return [`${type} ${rest} = (${type})(${flat});`, ...lines, `const long ${loopName(first.id)} = ${rest};`].join(" ");
}

/** The part of a place that the given loops make, as C text; "0" if none. */
export function linearText({ coefficients }: Linear, loops: readonly Loop[]): string {
  const parts = loops.flatMap(({ id }) => {
    const coefficient = coefficients.get(id) ?? 0;
    if (coefficient === 0) return [];
    return [coefficient === 1 ? loopName(id) : `${coefficient}L * ${loopName(id)}`];
  });
  return parts.length > 0 ? parts.join(" + ") : "0";
}

/** An element of an operand by its index and guards. */
export function elementText({ index, guards, fill }: Access, pointer: string): string {
  const value = `${pointer}[${indexText(index, loopName, 0)}]`;
  if (guards.length === 0) return value;
  return `(${guards.map((guard) => guardText(guard, loopName)).join(" && ")}) ? ${value} : ${literal(fill, "f32")}`;
}

/** Texts for 0, 1, .. count - 1. */
export const repeat = (count: number, text: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => text(i));
