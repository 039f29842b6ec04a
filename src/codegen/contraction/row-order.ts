import type { ContractionKernel } from "../../passes/index.ts";
import type { BlockedPlan } from "./plan.ts";
import { sizeOf } from "./sizes.ts";

/**
 * Rows in an order in which those that meet the same steps of a strided convolution are neighbours: then whole panels skip the others.
 */
export interface RowOrder {
  /** Number of rows that are reordered among each other. */
  readonly period: number;
  /** Which row of a period is the first, the second, ... */
  readonly order: readonly number[];
}

/** Largest table of a row order. */
const LARGEST_PERIOD = 1 << 16;

export function rowOrder({ rows }: ContractionKernel, { a }: BlockedPlan): RowOrder | undefined {
  const divided = a.access.guards.filter(({ divisor }) => divisor > 1);
  if (a.source !== "rows" || divided.length === 0) return undefined;
  const divisors = new Map<number, number>();
  for (const guard of divided) {
    for (const { id } of rows.filter((row) => guard.expression.terms.some(({ of }) => of === row.id)))
      divisors.set(id, guard.divisor);
  }
  const first = rows.findIndex(({ id }) => divisors.has(id));
  const last = rows.slice(first);
  const period = sizeOf(last);
  if (first < 0 || period > LARGEST_PERIOD) return undefined;
  const classOf = (flat: number): number => {
    let rest = flat;
    let key = 0;
    for (const { id, size } of [...last].reverse()) {
      key = key * 64 + ((rest % size) % (divisors.get(id) ?? 1));
      rest = Math.floor(rest / size);
    }
    return key;
  };
  const order = Array.from({ length: period }, (_, i) => i).sort((i, j) => classOf(i) - classOf(j) || i - j);
  return { period, order };
}
