import { checkOptions, fail } from "../../util/index.ts";
import { type Matrix, readMatrix, type Table } from "../matrix.ts";
import { type Cleaned, chosenColumns, keepRows, likeInput, plural } from "./output.ts";

export interface DuplicatesOptions {
  /** Columns that must agree for rows to count as equal. Default: all. */
  columns?: readonly number[];
  /** Which of several equal rows stays: the "first", the "last", or "none" of them. Default "first" (pandas' drop_duplicates). */
  keep?: "first" | "last" | "none";
}

export interface DuplicatesReport {
  /** Number of rows dropped. */
  dropped: number;
  /** Groups of equal rows (row numbers of the given table), only those with several. */
  groups: number[][];
  /** Numbers of the rows that remain, in order; `selectRows(y, report.kept)` brings labels along. */
  kept: Uint32Array;
  /** One sentence for a reader. */
  summary: string;
}

/**
 * Drops rows that repeat another row of a table [rows, columns]. Missing values equal each other; 0 equals -0.
 *
 * @returns The remaining rows, of the same kind as the given table, and what was found.
 * @example
 * const { data, report } = await cleanDuplicates([[1, 2], [3, 4], [1, 2]]);
 * // data: [[1, 2], [3, 4]], report.groups: [[0, 2]]
 */
export async function cleanDuplicates<T extends Table>(
  x: T,
  options: DuplicatesOptions = {},
): Promise<{ data: Cleaned<T>; report: DuplicatesReport }> {
  checkOptions("cleanDuplicates", options, ["columns", "keep"]);
  const { keep = "first" } = options;
  if (keep !== "first" && keep !== "last" && keep !== "none") {
    fail(`cleanDuplicates' keep is ${JSON.stringify(keep)}`, '"first", "last" or "none"');
  }
  const matrix = await readMatrix(x, "cleanDuplicates");
  const columns = chosenColumns(matrix, options.columns, (column) =>
    fail(`cleanDuplicates' columns names column ${column}`, `columns from 0 to ${matrix.columns - 1}`),
  );
  const groups = equalRows(matrix, columns).filter((group) => group.length > 1);
  const dropped = new Set(
    groups.flatMap((group) => (keep === "first" ? group.slice(1) : keep === "last" ? group.slice(0, -1) : group)),
  );
  const kept = Uint32Array.from(
    Array.from({ length: matrix.rows }, (_, row) => row).filter((row) => !dropped.has(row)),
  );
  if (kept.length === 0) fail("cleanDuplicates would leave no row", "at least one", 'keep: "first"');
  const summary = `${plural(groups.length, "group")} of equal rows: dropped ${plural(dropped.size, "row")} of ${matrix.rows}.`;
  return { data: likeInput(x, keepRows(matrix, kept)), report: { dropped: dropped.size, groups, kept, summary } };
}

/** Row numbers grouped by the content of `columns`, in order of first appearance. */
function equalRows(matrix: Matrix, columns: readonly number[]): number[][] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < matrix.rows; row++) {
    // A number's shortest decimal form identifies it; String(-0) is "0".
    const key = columns.map((column) => matrix.values[row * matrix.columns + column]).join(",");
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}
