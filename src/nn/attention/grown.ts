import type { Tensor } from "../../tensor/index.ts";
import type { Past } from "../definition.ts";

/**
 * Keys, values or their mask at all places so far: [batch, ..., places, features], what is made of `source` at the places that are
 * computed now; of a source that does not grow it is all there is.
 */
export function grown(past: Past | undefined, name: string, source: Tensor, made: Tensor): Tensor {
  return past && !past.whole(source) ? past.append(name, made) : made;
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
