import type { Node } from "../ir/index.ts";
import { factorSums } from "./factor-sums.ts";
import type { RowUpdates } from "./few-rows.ts";
import { simplify } from "./simplify.ts";
import { splitConcats } from "./split-concats.ts";
import { splitReductions } from "./split-reductions.ts";
import { windowSums } from "./window-sums.ts";

/**
 * The same values by less work, and long sums in parts that many workers can share.
 *
 * @param state those whose new values are the first roots.
 * @param updateRows for programs that update large tables; `updateRows`.
 */
export function optimize(roots: readonly Node[], state: readonly Node[] = [], updateRows?: RowUpdates): Node[] {
  const parts = windowSums(splitConcats(simplify(factorSums(simplify(roots)))));
  return simplify(splitReductions(updateRows ? updateRows(parts, state) : parts));
}
