import type { KeptTable } from "./open.ts";
import { someOf } from "./profile.ts";
import { readSql } from "./sql.ts";
import type { ColumnProfile, Finding, KeptColumn } from "./types.ts";

/** Drops rows without a target, and copies. */
export async function drop(
  { table }: KeptTable,
  features: number,
  target: string,
  keepDuplicates: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const [before] = await table.query("SELECT count(*)::DOUBLE AS n, count(y)::DOUBLE AS known FROM typed");
  const { n = 0, known = 0 } = (before ?? {}) as Record<string, number>;
  if (known < n) {
    await table.query("DELETE FROM typed WHERE y IS NULL");
    findings.push({ kind: "cleaned", column: target, text: `${n - known} rows without a target are left out` });
  }
  const all = [...Array.from({ length: features }, (_, i) => `x${i}`), "y"].join(", ");
  const [distinct] = await table.query(`SELECT count(*)::DOUBLE AS n FROM (SELECT DISTINCT ${all} FROM typed)`);
  const copies = known - Number(distinct?.["n"] ?? known);
  if (copies === 0) return findings;
  if (keepDuplicates) {
    findings.push({
      kind: "warning",
      text: `${copies} rows are copies of others; some may be in the test and in the training part`,
    });
    return findings;
  }
  // Few columns of few values repeat by nature: there, copies are how often something happens.
  if (copies > 0.5 * known) {
    findings.push({
      kind: "warning",
      text: `${copies} rows are copies of others: the columns have few values, so they are kept`,
    });
    return findings;
  }
  await table.query(`DELETE FROM typed WHERE "#" NOT IN (SELECT min("#") FROM typed GROUP BY ${all})`);
  findings.push({ kind: "cleaned", text: `${copies} rows that are copies of others are left out` });
  return findings;
}

/** What of a column is left out or counts as missing. */
export async function misfitsOf({ table }: KeptTable, profile: ColumnProfile, column: KeptColumn): Promise<Finding[]> {
  const { name, misfits, reading, type } = profile;
  const findings: Finding[] = [];
  if (type === "identifier" || type === "constant")
    findings.push({ kind: "cleaned", column: name, text: `${type}, left out: ${profile.reason}` });
  if (reading.as === "amount")
    findings.push({
      kind: "cleaned",
      column: name,
      text: "signs of currency, percent and thousands are taken off the numbers",
    });
  if (misfits === 0 || type === "identifier") return findings;
  const odd = await someOf(table, column.id, `${column.id} IS NOT NULL AND ${readSql(column, reading)} IS NULL`);
  const what = reading.as === "date" ? "are no possible dates" : "are no numbers";
  findings.push({
    kind: "cleaned",
    column: name,
    text: `${misfits} values ${what} and count as missing, such as ${odd.map((word) => JSON.stringify(word)).join(", ")}`,
  });
  return findings;
}
