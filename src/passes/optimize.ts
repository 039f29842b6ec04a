import type { Node } from "../ir/index.ts";
import { factorSums } from "./factor-sums.ts";
import { simplify } from "./simplify.ts";
import { splitConcats } from "./split-concats.ts";
import { splitReductions } from "./split-reductions.ts";

/** The same values by less work, and long sums in parts that many workers can share. */
export function optimize(roots: readonly Node[]): Node[] {
  return simplify(splitReductions(splitConcats(simplify(factorSums(simplify(roots))))));
}
