/**
 * Index arithmetic of views: sums of loop indices with constant coefficients, and quotients of such sums. A loop index is named by
 * an integer; its size is known to whoever made it.
 */
export interface IndexExpression {
  readonly constant: number;
  readonly terms: readonly IndexTerm[];
}

export interface IndexTerm {
  readonly coefficient: number;
  readonly of: number | Quotient;
}

/** expression / divisor; where it is used a guard says that the division is exact. */
export interface Quotient {
  readonly expression: IndexExpression;
  readonly divisor: number;
}

/** The constant `value`. */
export function indexConstant(value: number): IndexExpression {
  return { constant: value, terms: [] };
}

/** The loop index `loop`. */
export function indexOf(loop: number): IndexExpression {
  return { constant: 0, terms: [{ coefficient: 1, of: loop }] };
}

/** a + b * factor. */
export function addIndex(a: IndexExpression, b: IndexExpression, factor = 1): IndexExpression {
  if (factor === 0) return a;
  const terms = [...a.terms];
  for (const term of b.terms) {
    const at = terms.findIndex((other) => sameAtom(other.of, term.of));
    const coefficient = term.coefficient * factor + (at >= 0 ? terms[at]!.coefficient : 0);
    if (at < 0) terms.push({ coefficient, of: term.of });
    else if (coefficient === 0) terms.splice(at, 1);
    else terms[at] = { coefficient, of: term.of };
  }
  return { constant: a.constant + b.constant * factor, terms };
}

/** a * factor + offset. */
export function scaleIndex(a: IndexExpression, factor: number, offset = 0): IndexExpression {
  return addIndex(indexConstant(offset), a, factor);
}

/** a / divisor; the caller adds the guard that makes it exact. */
export function divideIndex(a: IndexExpression, divisor: number): IndexExpression {
  if (divisor === 1) return a;
  return { constant: 0, terms: [{ coefficient: 1, of: { expression: a, divisor } }] };
}

/** Puts other expressions in the place of loop indices; loops without a replacement stay. */
export function substituteIndex(
  expression: IndexExpression,
  replacement: (loop: number) => IndexExpression | undefined,
): IndexExpression {
  let result = indexConstant(expression.constant);
  for (const { coefficient, of } of expression.terms) {
    if (typeof of === "number") {
      result = addIndex(result, replacement(of) ?? indexOf(of), coefficient);
    } else {
      const inner = substituteIndex(of.expression, replacement);
      result = addIndex(result, divideIndex(inner, of.divisor), coefficient);
    }
  }
  return result;
}

/** Loop indices that the expression depends on. */
export function loopsOf(expression: IndexExpression, into: Set<number> = new Set()): Set<number> {
  for (const { of } of expression.terms) {
    if (typeof of === "number") into.add(of);
    else loopsOf(of.expression, into);
  }
  return into;
}

/** Least and greatest value of a quotient-free expression over the loops' sizes; undefined with quotients. */
export function indexRange(
  expression: IndexExpression,
  sizeOf: (loop: number) => number,
): { low: number; high: number } | undefined {
  let low = expression.constant;
  let high = expression.constant;
  for (const { coefficient, of } of expression.terms) {
    if (typeof of !== "number") return undefined;
    const reach = coefficient * (sizeOf(of) - 1);
    if (reach < 0) low += reach;
    else high += reach;
  }
  return { low, high };
}

export function sameIndex(a: IndexExpression, b: IndexExpression): boolean {
  const difference = addIndex(a, b, -1);
  return difference.constant === 0 && difference.terms.length === 0;
}

function sameAtom(a: number | Quotient, b: number | Quotient): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.divisor === b.divisor && sameIndex(a.expression, b.expression);
}
