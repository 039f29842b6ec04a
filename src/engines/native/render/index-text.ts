import type { Guard, IndexExpression } from "../../../ir/index.ts";

/** C text of a loop's index variable. */
export type LoopName = (loop: number) => string;

/** An index expression, without its constant where a pointer already holds it. */
export function indexText(index: IndexExpression, name: LoopName, constant = index.constant): string {
  const parts = index.terms.map(({ coefficient, of }) => {
    const atom = typeof of === "number" ? name(of) : `(${indexText(of.expression, name)}) / ${of.divisor}`;
    return coefficient === 1 ? atom : `${coefficient}L * (${atom})`;
  });
  if (constant !== 0 || parts.length === 0) parts.push(`${constant}L`);
  return parts.join(" + ");
}

/** A C condition that holds where the guard does. */
export function guardText({ expression, divisor, size }: Guard, name: LoopName): string {
  const value = `(${indexText(expression, name)})`;
  // One unsigned comparison is both bounds; a negative number is a huge one.
  const inside = `(unsigned long)${value} < ${size * divisor}UL`;
  return divisor === 1 ? inside : `${inside} && ${value} % ${divisor} == 0`;
}
