import type { KeptTable } from "./open.ts";
import { readSql } from "./sql.ts";
import type { ColumnProfile, Finding, KeptColumn } from "./types.ts";

/** Of the steps from row to row, how many may go back so that rows still count as being in order. */
const BACK = 0.01;

/** Days, or moments, that a column tells apart at least. */
const LEAST = 20;

/**
 * Hints at a column of dates by which the rows of the file are in order, as records of a time are: rows that are held out by chance lie between
 * rows that the model was trained on, so that it looks better than it is at what is still to come.
 */
export async function findOrder(
  { table }: Pick<KeptTable, "table">,
  from: "kept" | "peek",
  columns: readonly { readonly column: KeptColumn; readonly profile: ColumnProfile }[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { column, profile } of columns) {
    if (profile.type !== "date") continue;
    const [row = {}] = await table.query(`
      WITH steps AS (SELECT d, lag(d) OVER (ORDER BY "#") AS before
        FROM (SELECT "#", ${readSql(column, profile.reading)} AS d FROM ${from}) WHERE d IS NOT NULL)
      SELECT count(before)::DOUBLE AS steps, count(*) FILTER (d < before)::DOUBLE AS back,
        count(*) FILTER (d > before)::DOUBLE AS forth FROM steps`);
    const { steps = 0, back = 0, forth = 0 } = row as Record<string, number>;
    if (Math.max(back, forth) < LEAST || Math.min(back, forth) > BACK * steps) continue;
    const text =
      "the rows are in its order, and those to test were drawn by chance: if the model is to foretell what comes later, " +
      `--time-column ${/\s/.test(column.name) ? JSON.stringify(column.name) : column.name} holds out the last ones`;
    findings.push({ kind: "hint", column: column.name, text });
  }
  return findings;
}
