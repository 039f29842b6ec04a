import { packColumnPanel } from "./column-operand.ts";
import { packGeneralPanel } from "./general-operand.ts";
import { listLanes, packLanePanel } from "./lane-operand.ts";
import type { OperandWriter } from "./operand-writer.ts";
import type { Callee } from "./routine.ts";
import { listRows, packRowPanel } from "./row-operand.ts";

/**
 * The functions through which register tiles meet the operands. All end with the parameters of a range; those of A return the number of
 * entries they listed.
 *
 * - rows (batch, first, h, table, starts): lists where each segment of a panel's rows is, and where it begins in B.
 * - segments (batch, group, list): lists the segments as they meet a group of rows that lie side by side.
 * - panel (batch, first, h, to, list, table): packs a panel of rows, and lists where its segments begin.
 * - pack (batch, n0, n, to, table): packs a panel of columns.
 */
export interface Operands {
  /** "rows", "segments" or "panel", as the plan says. */
  readonly ofA: Callee;
  readonly ofB: Callee | undefined;
}

export function writeOperands(writer: OperandWriter): Operands {
  const { a, packA, packB } = writer.plan;
  const direct = packA === "direct";
  const ofA = {
    rows: direct ? listRows : packRowPanel,
    lanes: direct ? listLanes : packLanePanel,
    general: packGeneralPanel,
  }[a.source];
  return { ofA: ofA(writer), ofB: packB === "direct" ? undefined : packColumnPanel(writer) };
}
