import type { Tensor } from "../../tensor/index.ts";
import type { Past } from "../definition.ts";

/**
 * Keys, values or their mask at all places so far: [batch, ..., places, features], what is made of `source` at the places that are
 * computed now; of a source that does not grow it is all there is, and made once.
 */
export function grown(past: Past | undefined, name: string, source: Tensor, made: Tensor): Tensor {
  if (!past) return made;
  if (!past.whole(source)) return past.append(name, made);
  return made === source ? source : past.settled(name, made);
}

/** The same of which places count, [batch, places]. */
export function grownMask(
  past: Past | undefined,
  name: string,
  source: Tensor,
  mask: Tensor | undefined,
): Tensor | undefined {
  if (!past || !mask || past.whole(source)) return mask;
  return past.append(name, mask.cast("float32").expandDims(-1)).squeeze(-1).cast("bool");
}
