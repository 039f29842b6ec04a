import type { OpName } from "../../../ir/index.ts";
import type { Rule } from "../lowering.ts";
import { ELEMENTWISE_RULES } from "./elementwise.ts";
import { MOVEMENT_RULES } from "./movement.ts";
import { SCAN_RULES } from "./scan.ts";
import { SOURCE_RULES } from "./sources.ts";
import { SUM_RULES } from "./sums.ts";

/** One rule for every op of the language: an op without one does not compile. */
export const RULES: Readonly<Record<OpName, Rule>> = {
  ...SOURCE_RULES,
  ...ELEMENTWISE_RULES,
  ...MOVEMENT_RULES,
  ...SUM_RULES,
  ...SCAN_RULES,
};
