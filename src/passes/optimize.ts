import type { Node } from "../ir/index.ts";
import { invariant, sameShape } from "../util/index.ts";
import { factorSums } from "./factor-sums.ts";
import type { RowUpdates } from "./few-rows.ts";
import { simplify } from "./simplify.ts";
import { splitConcats } from "./split-concats.ts";
import { splitReductions } from "./split-reductions.ts";

/**
 * The same values by less work, and long sums in parts that many workers can share.
 *
 * @param state those whose new values are the first roots.
 * @param updateRows for programs that update large tables; `updateRows`.
 * @param sumWindows `windowSums`, for engines to which convolutions of single channels are products.
 */
export function optimize(
  roots: readonly Node[],
  state: readonly Node[] = [],
  updateRows?: RowUpdates,
  sumWindows?: (roots: readonly Node[]) => Node[],
): Node[] {
  const parts = splitConcats(simplify(factorSums(simplify(sumWindows ? sumWindows(roots) : roots))));
  const optimized = simplify(splitReductions(updateRows ? updateRows(parts, state) : parts));
  invariant(
    roots.every(({ shape }, i) => sameShape(shape, (optimized[i] as Node).shape)),
    "optimize",
  );
  return optimized;
}
