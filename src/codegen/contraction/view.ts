import { type Guard, type IndexExpression, loopsOf } from "../../ir/index.ts";
import { type Access, type ContractionKernel, coefficientOf, type Loop } from "../../passes/index.ts";

/** A place that is a sum of multiples of loop indices, relative to the element of all-zero loops. */
export interface Linear {
  readonly constant: number;
  readonly coefficients: ReadonlyMap<number, number>;
}

/**
 * How an operand is read, by the shape of its memory:
 * - "rows": contiguous along the last loop of the depth (the run); each row (of A) or column (of B) is a pointer per segment, a
 *   segment being one setting of the other depth loops. Guards hold or fail for whole runs.
 * - "lanes": contiguous along the last loop of the rows (of A) or the columns (of B).
 * - "general": element by element.
 */
export type Source = "rows" | "lanes" | "general";

/** What is read from operand A or B, and how. */
export interface View {
  readonly access: Access;
  readonly source: Source;
  /** Unless "general": where the elements are, valid where the guards hold. */
  readonly linear: Linear;
}

/** The loops of the depth: all but the last are segments, along the last lies the run. */
export interface Depth {
  readonly segments: readonly Loop[];
  readonly run: Loop;
}

/** Factor of a loop in a place. */
export const strideOf = ({ coefficients }: Linear, loop: Loop | undefined): number =>
  loop ? (coefficients.get(loop.id) ?? 0) : 0;

/** Quotients whose factor is a multiple of their divisor are sums: where they are used the division is exact. */
export function linearize(index: IndexExpression): Linear | undefined {
  const coefficients = new Map<number, number>();
  let constant = 0;
  const add = (part: IndexExpression, factor: number): boolean => {
    constant += part.constant * factor;
    return part.terms.every(({ coefficient, of }) => {
      const total = coefficient * factor;
      if (typeof of !== "number") return total % of.divisor === 0 && add(of.expression, total / of.divisor);
      coefficients.set(of, (coefficients.get(of) ?? 0) + total);
      return true;
    });
  };
  return add(index, 1) ? { constant: constant - index.constant, coefficients } : undefined;
}

const involves = (guard: Guard, loop: Loop) => loopsOf(guard.expression).has(loop.id);

/** Most segments whose guards fit a word. */
const GUARD_BITS = 64;

/** A loop that stands for no loop at all. */
export const NO_LOOP: Loop = { id: -1, size: 1 };

/** Chooses the run among the loops of the depth: contiguous in A and free of guards, or in B, or the last. */
export function chooseRun({ depth, a, b }: ContractionKernel): Depth {
  const contiguous = ({ index, guards }: Access) =>
    depth
      .filter((loop) => coefficientOf(index, loop.id) === 1 && !guards.some((guard) => involves(guard, loop)))
      .at(-1);
  const run = contiguous(a) ?? (a.guards.length === 0 ? contiguous(b) : undefined) ?? depth.at(-1) ?? NO_LOOP;
  return { segments: depth.filter((loop) => loop !== run), run };
}

const EMPTY: Linear = { constant: 0, coefficients: new Map() };

/** How operand A of rows and depth is read. */
export function viewOfA({ rows, a: access }: ContractionKernel, { segments, run }: Depth): View {
  const linear = linearize(access.index);
  const general: View = { access, source: "general", linear: linear ?? EMPTY };
  if (!linear || (access.fill !== 0 && access.guards.length > 0)) return general;
  const { guards } = access;
  const at = (loop: Loop) => linear.coefficients.get(loop.id) ?? 0;
  if (run.size === 1 || at(run) === 1) {
    const count = segments.reduce((total, { size }) => total * size, 1);
    const few = guards.length === 0 || count <= GUARD_BITS;
    const simple = guards.every((guard) => !involves(guard, run) && rowLoops(guard, rows, segments) !== undefined);
    if (few && simple) return { access, source: "rows", linear };
  }
  const last = rows.at(-1);
  if (last && at(last) === 1 && last.size >= 3 && guards.every((guard) => alongRun(guard, last))) {
    return { access, source: "lanes", linear };
  }
  return general;

  /** A guard that gives a range of the run for each setting of the other loops. */
  function alongRun(guard: Guard, row: Loop): boolean {
    const plain = guard.divisor === 1 && guard.expression.terms.every(({ of }) => typeof of === "number");
    return plain && !involves(guard, row) && coefficientOf(guard.expression, run.id) >= 0;
  }
}

/** The loop of the rows that a guard depends on, next to segments; undefined when there are several, or others. */
export function rowLoops(guard: Guard, rows: readonly Loop[], segments: readonly Loop[]): Loop[] | undefined {
  const used = loopsOf(guard.expression);
  const of = rows.filter(({ id }) => used.has(id));
  const known = new Set([...of, ...segments].map(({ id }) => id));
  return of.length <= 1 && [...used].every((id) => known.has(id)) ? of : undefined;
}

/** How operand B of depth and columns is read. */
export function viewOfB({ columns, b: access }: ContractionKernel, { run }: Depth): View {
  const linear = linearize(access.index);
  const general: View = { access, source: "general", linear: linear ?? EMPTY };
  if (!linear || access.guards.length > 0) return general;
  const [column] = columns;
  if (!column || linear.coefficients.get(column.id) === 1) return { access, source: "lanes", linear };
  if (run.size === 1 || linear.coefficients.get(run.id) === 1) return { access, source: "rows", linear };
  return general;
}

/** Value of an index expression at given loop values; the others are 0. A quotient is rounded down. */
export function evaluateIndex(index: IndexExpression, at: ReadonlyMap<number, number>): number {
  return index.terms.reduce((sum, { coefficient, of }) => {
    const value =
      typeof of === "number" ? (at.get(of) ?? 0) : Math.floor(evaluateIndex(of.expression, at) / of.divisor);
    return sum + coefficient * value;
  }, index.constant);
}

/** Whether a guard holds at given loop values. */
export function holds({ expression, divisor, size }: Guard, at: ReadonlyMap<number, number>): boolean {
  const value = evaluateIndex(expression, at);
  return value % divisor === 0 && value >= 0 && value < size * divisor;
}
