import type { OpName } from "../../../ir/index.ts";
import type { GraphNode } from "../../unify.ts";
import type { Value } from "../builder.ts";
import type { Lowering } from "../lowering.ts";
import { ELEMENTWISE_RULES } from "./elementwise.ts";
import { MOVEMENT_RULES } from "./movement.ts";
import { SCAN_RULES } from "./scan.ts";
import { SOURCE_RULES } from "./sources.ts";
import { SUM_RULES } from "./sums.ts";

/** Writes one node of the graph. A rule refuses what ONNX can't say; the layer's path is put before it. */
export type Rule = (node: GraphNode, lowering: Lowering) => Value;

/** One rule for every op of the language: an op without one does not compile. */
export const RULES: Readonly<Record<OpName, Rule>> = {
  ...SOURCE_RULES,
  ...ELEMENTWISE_RULES,
  ...MOVEMENT_RULES,
  ...SUM_RULES,
  ...SCAN_RULES,
};
