import type { Node } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { unshaped } from "./strided-view.ts";

/** Elements of a table for which it is worth the trouble: less is updated in a few microseconds. */
const WORTH = 1 << 17;
/** Rows of a table for each that is named, at least: otherwise one pass over all rows is as quick. */
export const SPARSE = 4;

/** Whether a value is rows added to the zeros of a large table, few of whose rows are named; or a sum of such values. */
export function namesFewRows(value: Node): boolean {
  const { op, shape, inputs, dtype } = unshaped(value);
  if (op.name === "add") return inputs.every(namesFewRows);
  const few = op.name === "scatter" && SPARSE * product(inputs[0]!.shape) <= shape[0]!;
  return few && product(shape) >= WORTH && dtype === "float32";
}

/** A pass over roots, the first of which are the new values of `state`: `updateRows`, where engines want it. */
export type RowUpdates = (roots: readonly Node[], state: readonly Node[]) => Node[];
