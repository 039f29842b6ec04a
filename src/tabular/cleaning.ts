import type { DataTable } from "../data/index.ts";
import type { Figures } from "./figures.ts";
import { someRows } from "./open.ts";
import { type Look, valuesOf } from "./profile.ts";
import { readSql } from "./sql.ts";
import type { ColumnProfile, Finding, KeptColumn } from "./types.ts";
import { many } from "./words.ts";

/** Drops rows without a target, and copies. */
export async function drop(
  table: DataTable,
  features: number,
  target: string,
  keepDuplicates: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const [before] = await table.query("SELECT count(*)::DOUBLE AS n, count(y)::DOUBLE AS known FROM typed");
  const { n = 0, known = 0 } = (before ?? {}) as Record<string, number>;
  if (known < n) {
    await table.query("DELETE FROM typed WHERE y IS NULL");
    findings.push({
      kind: "cleaned",
      column: target,
      text: `${many(n - known, "row")} without a target ${n - known === 1 ? "is" : "are"} left out`,
    });
  }
  const all = [...Array.from({ length: features }, (_, i) => `x${i}`), "y"].join(", ");
  const [distinct] = await table.query(`SELECT count(*)::DOUBLE AS n FROM (SELECT DISTINCT ${all} FROM typed)`);
  const copies = known - Number(distinct?.["n"] ?? known);
  if (copies === 0) return findings;
  if (keepDuplicates) {
    findings.push({
      kind: "warning",
      text: `${copiesAre(copies)}; some may be in the test and in the training part`,
    });
    return findings;
  }
  // Few columns of few values repeat by nature: there, copies are how often something happens.
  if (copies > 0.5 * known) {
    findings.push({
      kind: "warning",
      text: `${copiesAre(copies)}: the columns have few values, so they are kept`,
    });
    return findings;
  }
  await table.query(`DELETE FROM typed WHERE "#" NOT IN (SELECT min("#") FROM typed GROUP BY ${all})`);
  findings.push({
    kind: "cleaned",
    text:
      copies === 1
        ? "1 row that is a copy of another is left out"
        : `${many(copies, "row")} that are copies of others are left out`,
  });
  return findings;
}

function copiesAre(n: number): string {
  return n === 1 ? "1 row is a copy of another" : `${many(n, "row")} are copies of others`;
}

/** What of a column is left out or counts as missing. */
export async function misfitsOf(
  look: Pick<Look, "table" | "figures">,
  profile: ColumnProfile,
  column: KeptColumn,
  isTarget: boolean,
): Promise<Finding[]> {
  const { name, misfits, reading, type } = profile;
  const findings: Finding[] = [];
  const isLeftOut = !isTarget && (type === "identifier" || type === "constant");
  if (isLeftOut) findings.push({ kind: "cleaned", column: name, text: `${type}, left out: ${profile.reason}` });
  if (reading.as === "amount")
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${reading.decimal === "," ? "commas are read as decimal signs; " : ""}signs of currency, percent and thousands are taken off the numbers`,
    });
  if (misfits === 0 || isLeftOut) return findings;
  const isOdd = (v: string) => `${v} IS NOT NULL AND ${readSql({ ...column, id: v }, reading)} IS NULL`;
  const { examples: odd } = await valuesOf(look, "kept", column, isOdd);
  const what = reading.as === "date" ? "no possible date" : "no number";
  const [is, counts] = misfits === 1 ? ["is", "counts"] : ["are", "count"];
  findings.push({
    kind: "cleaned",
    column: name,
    text: `${many(misfits, "value")} ${is} ${what}${misfits === 1 ? "" : "s"} and ${counts} as missing, such as ${odd.map((word) => JSON.stringify(word)).join(", ")}`,
  });
  return findings;
}

/** Numbers that stand for "unknown" in many files, where they lie at an end. */
const CODES = [0, -1, -9, -99, -999, -9999, 99, 999, 9999, 99999];

/**
 * Warns of numbers that may stand for missing values: one of 0, -1, -9, 99, 999 and their like, as the least or the greatest of a column, in at least
 * three rows and at most half of them, as far from its neighbour as five usual distances between neighbours. Of many rows, a sample is looked at.
 */
export async function findCodes(figures: Figures, id: string, name: string): Promise<Finding[]> {
  const column = { id, holds: "number" } as const;
  const ends = await figures.each(someRows("*"), column, (v) => ({ low: `min(${v})`, high: `max(${v})` }));
  if (![ends["low"], ends["high"]].some((end) => CODES.includes(end as number))) return [];
  const [row = {}] = await figures.ask(
    someRows("*"),
    column,
    (long) => `
    WITH counts AS (SELECT k, v, count(*)::DOUBLE AS n FROM ${long} WHERE v IS NOT NULL GROUP BY k, v),
      steps AS (SELECT k, v, n, v - lag(v) OVER (PARTITION BY k ORDER BY v) AS step,
        row_number() OVER (PARTITION BY k ORDER BY v) AS up, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS down FROM counts)
    SELECT k, quantile_cont(step, 0.5) AS step, sum(n) AS total,
      min(v) AS low, arg_min(n, v) AS "lowRows", min(v) FILTER (up = 2) AS second,
      max(v) AS high, arg_max(n, v) AS "highRows", max(v) FILTER (down = 2) AS "nextToLast"
    FROM steps GROUP BY k`,
  );
  const { step, total, low, lowRows, second, high, highRows, nextToLast } = row as Record<string, number>;
  if (!step || second == null || nextToLast == null) return [];
  const isCode = (value: number, rows: number, neighbour: number) =>
    CODES.includes(value) && rows >= 3 && rows <= 0.5 * (total as number) && Math.abs(neighbour - value) >= 5 * step;
  const warning = (value: number, rows: number, rest: string): Finding => ({
    kind: "warning",
    column: name,
    text: `${value} stands in ${rows} of ${total} rows, all others are ${rest}: if it means that nothing is known, --unknown ${name}=${value} takes it so`,
  });
  return [
    ...(isCode(low as number, lowRows as number, second)
      ? [warning(low as number, lowRows as number, `${second} and more`)]
      : []),
    ...(isCode(high as number, highRows as number, nextToLast)
      ? [warning(high as number, highRows as number, `${nextToLast} and less`)]
      : []),
  ];
}
