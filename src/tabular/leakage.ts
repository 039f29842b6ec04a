import type { DataTable } from "../data/index.ts";
import type { FittedColumn } from "./features.ts";
import type { Finding, TableTask } from "./types.ts";

/** A column that tells so much of the target alone is suspected of being made from it. */
const TOO_GOOD = 0.99;

/** Rows that are looked at. */
const SAMPLE = 50_000;

/**
 * Warns of columns that give the target away: numbers that follow it on a line (|r|), and values, or ranges of numbers, within which it is
 * nearly always the same (regression: the share of its variance between them, eta squared; classes: the share of the majority in each).
 */
export async function findLeaks(
  table: DataTable,
  columns: readonly FittedColumn[],
  task: TableTask,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const warn = (column: string, text: string) => findings.push({ kind: "warning", column, text });
  const sample = `(SELECT * FROM rows WHERE part = 0 LIMIT ${SAMPLE})`;
  for (const { profile, id } of columns) {
    const { name, type } = profile;
    const isNumber = type === "numeric" || type === "ordinal" || type === "boolean";
    if (isNumber && task === "regression") {
      const [row] = await table.query(`SELECT abs(corr(${id}, y)) AS r FROM ${sample}`);
      const r = Number(row?.["r"] ?? 0);
      if (r > TOO_GOOD) {
        warn(
          name,
          `follows the target nearly exactly (correlation ${r.toFixed(4)}): leave it out (--ignore) unless it is known before the target is`,
        );
        continue;
      }
    }
    const group = type === "numeric" ? `ntile(50) OVER (ORDER BY ${id})` : `coalesce(${id}::VARCHAR, '')`;
    const grouped = `(SELECT ${group} AS g, y FROM ${sample})`;
    const [counts = {}] = await table.query(
      `SELECT count(*)::DOUBLE AS n, count(DISTINCT g)::DOUBLE AS groups FROM ${grouped}`,
    );
    const { n = 0, groups = 0 } = counts as Record<string, number>;
    if (groups < 2 || groups > n / 10) continue;
    const told = task === "regression" ? await varianceTold(table, grouped) : await majoritiesTold(table, grouped);
    if (told > TOO_GOOD) {
      warn(
        name,
        `tells the target nearly alone (${(100 * told).toFixed(1)} %): leave it out (--ignore) unless it is known before the target is`,
      );
    }
  }
  return findings;
}

async function varianceTold(table: DataTable, grouped: string): Promise<number> {
  const [row] = await table.query(`
    SELECT sum(n * (m - mean) ** 2) / nullif(any_value(total), 0) AS told FROM
      (SELECT count(*)::DOUBLE AS n, avg(y) AS m FROM ${grouped} GROUP BY g),
      (SELECT avg(y) AS mean, var_pop(y) * count(*) AS total FROM ${grouped})`);
  return Number(row?.["told"] ?? 0);
}

/** How far the majorities within the groups lead from the majority of all to no mistake: 0 to 1. */
async function majoritiesTold(table: DataTable, grouped: string): Promise<number> {
  const [row] = await table.query(`
    WITH counts AS (SELECT g, y, count(*)::DOUBLE AS n FROM ${grouped} GROUP BY g, y)
    SELECT (SELECT sum(most) FROM (SELECT max(n) AS most FROM counts GROUP BY g)) / sum(n) AS told,
      (SELECT max(n) FROM (SELECT sum(n) AS n FROM counts GROUP BY y)) / sum(n) AS majority FROM counts`);
  const { told = 0, majority = 0 } = (row ?? {}) as Record<string, number>;
  return majority < 1 ? (told - majority) / (1 - majority) : 0;
}
