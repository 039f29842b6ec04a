import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";

/** Refuses a mask (without the batch) that is neither [keys] nor [queries, keys]. */
export function checkMask(mask: Shape, queries: number, keys: number): void {
  const fits = mask.length === 1 ? mask[0] === keys : mask.length === 2 && mask[0] === queries && mask[1] === keys;
  if (!fits)
    fail(`received a mask of shape ${formatShape(mask)}`, `[${keys}] or [${queries}, ${keys}] for each sample`);
}

/** Where both say yes, of those that say anything: bool, or undefined. */
export function both(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b || a === b) return a ?? b;
  return a.logicalAnd(b);
}
