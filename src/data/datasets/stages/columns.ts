import { fail, product, unknownName } from "../../../util/index.ts";
import { type DenseArray, isDenseArray } from "../../arrays.ts";
import { type Batch, type BatchColumn, rowsOf } from "../batch.ts";
import type { Flow } from "../flow.ts";
import { eachBatch } from "./map.ts";

/** New columns by name: another column, or several side by side as float32 [samples, numbers]. */
export type Columns = Readonly<Record<string, string | readonly string[]>>;

/** Gives columns other names, and makes matrices of them. */
export function columnsFlow(up: Flow, columns: Columns): Flow {
  return eachBatch(up, `${up.description}, columns ${wordsOf(columns)}`, async (batch) => arranged(batch, columns));
}

/** What is arranged, in words. */
export function wordsOf(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, from]) => `${name}: ${typeof from === "string" ? from : from.join("+")}`)
    .join(", ");
}

function arranged(batch: Batch, columns: Columns): Batch {
  const rows = rowsOf(batch);
  return Object.fromEntries(
    Object.entries(columns).map(([name, from]): [string, BatchColumn] => {
      if (typeof from === "string") return [name, columnIn(batch, from)];
      const parts = from.map((each) => numbersIn(batch, each));
      return [name, sideBySide(parts, rows)];
    }),
  );
}

/** Columns [rows, ...] of any widths as float32 [rows, sum of the widths]. */
function sideBySide(parts: readonly DenseArray[], rows: number): DenseArray {
  const widths = parts.map(({ shape }) => product(shape.slice(1)));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const data = new Float32Array(rows * width);
  let offset = 0;
  parts.forEach((part, p) => {
    const own = widths[p] as number;
    const { data: from } = part;
    if (own === 1) {
      for (let row = 0, at = offset; row < rows; row++, at += width) data[at] = from[row] as number;
    } else {
      for (let row = 0; row < rows; row++) data.set(from.subarray(row * own, (row + 1) * own), row * width + offset);
    }
    offset += own;
  });
  return { data, shape: [rows, width] };
}

function columnIn(batch: Batch, name: string): BatchColumn {
  if (!Object.hasOwn(batch, name)) unknownName("column", name, Object.keys(batch));
  return batch[name] as BatchColumn;
}

function numbersIn(batch: Batch, name: string): DenseArray {
  const column = columnIn(batch, name);
  if (isDenseArray(column)) return column;
  return fail(`the column "${name}" holds texts or other things`, "numbers", "turn them into numbers with map");
}
