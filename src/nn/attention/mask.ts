import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import type { Past } from "../definition.ts";
import { placesOf } from "./positions.ts";

/** Refuses a mask (without the batch) that is neither [keys] nor [queries, keys]. */
export function checkMask(mask: Shape, queries: number, keys: number): void {
  const fits = mask.length === 1 ? mask[0] === keys : mask.length === 2 && mask[0] === queries && mask[1] === keys;
  if (!fits)
    fail(`received a mask of shape ${formatShape(mask)}`, `[${keys}] or [${queries}, ${keys}] for each sample`);
}

/** [batch, keys] or [batch, all queries, keys] -> of these queries, what broadcasts to [batch, queries, keys]. */
export function pairMask(mask: Tensor, queries: number, past: Past | undefined): Tensor {
  const bool = mask.cast("bool");
  if (bool.rank === 2) return bool.expandDims(1);
  return past ? bool.take(placesOf(queries, past), { axis: 1 }) : bool;
}

/** Where both say yes, of those that say anything: bool, or undefined. */
export function both(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b || a === b) return a ?? b;
  return a.logicalAnd(b);
}
