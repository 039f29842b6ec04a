import type { DataTable } from "../data/index.ts";
import type { FittedColumn } from "./features.ts";
import type { Figures } from "./figures.ts";
import type { Finding, TableTask } from "./types.ts";

/** A column that tells so much of the target alone is suspected of being made from it. */
const TOO_GOOD = 0.99;

/** From so much on, a column is hinted at: it may be made from the target, or may just be good. */
const VERY_GOOD = 0.8;

/** Share of one class among the rows where a column holds nothing, from which on that is hinted at. */
const ONE_CLASS = 0.95;

/** Rows that are looked at. */
const SAMPLE = 50_000;

/** Ranges that numbers are cut into, of ten rows or more each; words that are rarer than that are taken together. */
const RANGES = 50;
const LEAST = 10;

/**
 * Warns of columns that give the target away: numbers that follow it on a line (|r|), and values, or ranges of numbers, within which it is
 * nearly always the same (regression: the share of its variance between them, eta squared; classes: the share of the majority in each). With
 * less certainty, hints at those that tell it to 80 % on their own, each row by the others of its value or range; and at those that, where
 * they hold nothing (empty, 0, or a code of zeros), have one class in 95 % of the rows, as columns do that are filled in when all is over. Other
 * columns of such codes that are filled in only where a hinted one is are named with it: they belong together, however little they tell.
 */
export async function findLeaks(
  table: DataTable,
  columns: readonly FittedColumn[],
  task: TableTask,
  figures: Figures,
): Promise<Finding[]> {
  const { n } = await figures.of(sampleOf("part"), { n: "count(*)::DOUBLE" });
  const ranges = Math.max(2, Math.min(RANGES, Math.floor(Number(n) / LEAST)));
  const found = columns.map((column) => leakOf(table, column, task, ranges, figures));
  const findings = await Promise.all(found);
  const named = findings.map(async (finding, i) => {
    const column = columns[i] as FittedColumn;
    if (finding?.kind !== "hint" || column.profile.type !== "categorical") return finding;
    const others = columns.filter((other, j) => findings[j] === undefined && other.profile.type === "categorical");
    const names = await companionsOf(column, others, figures);
    return names.length === 0
      ? finding
      : { ...finding, text: `${finding.text}; likewise ${names.join(", ")}, ${AFTER}` };
  });
  return (await Promise.all(named)).filter((finding) => finding !== undefined);
}

/** What is said of the columns beside a hinted one. */
const AFTER = "filled in only where this is, with codes of the same kind";

/**
 * Names of the columns that hold codes of digits as a column does, most of them as long, and zeros; where they hold something else, in
 * 95 % of the rows, that column does, too.
 */
async function companionsOf(
  { id: own }: FittedColumn,
  others: readonly FittedColumn[],
  figures: Figures,
): Promise<string[]> {
  const isFilled = (id: string) => `(${id} IS NOT NULL AND NOT regexp_full_match(${id}, '0+'))`;
  const found = others.map(async ({ id, profile: { name } }) => {
    const row = await figures.of(sampleOf("*"), {
      digits: `bool_and(regexp_full_match(${id}, '\\d+')) AND bool_and(regexp_full_match(${own}, '\\d+'))`,
      zeros: `bool_or(regexp_full_match(${id}, '00+'))`,
      length: `mode(length(${id})) = mode(length(${own}))`,
      filled: `count(*) FILTER (${isFilled(id)})::DOUBLE`,
      both: `count(*) FILTER (${isFilled(id)} AND ${isFilled(own)})::DOUBLE`,
    });
    const { filled, both } = row as Record<string, number>;
    const isAlike = row["digits"] === true && row["zeros"] === true && row["length"] === true;
    return isAlike && (filled as number) >= 1 && (both as number) >= ONE_CLASS * (filled as number) ? name : undefined;
  });
  return (await Promise.all(found)).filter((name) => name !== undefined);
}

/** Rows of the training part. */
const sampleOf = (columns: string) => `(SELECT ${columns} FROM rows WHERE part = 0 LIMIT ${SAMPLE})`;

async function leakOf(
  table: DataTable,
  { profile: { name, type }, id }: FittedColumn,
  task: TableTask,
  ranges: number,
  figures: Figures,
): Promise<Finding | undefined> {
  const finding = (kind: Finding["kind"], text: string): Finding => ({ kind, column: name, text });
  const advice = "leave it out (--ignore) unless it is known before the target is";
  const isNumber = type === "numeric" || type === "ordinal" || type === "boolean";
  if (isNumber && task === "regression") {
    const { r } = await figures.of(sampleOf("*"), { r: `abs(corr(${id}, y))` });
    const close = Number(r ?? 0);
    if (close > TOO_GOOD)
      return finding("warning", `follows the target nearly exactly (correlation ${close.toFixed(4)}): ${advice}`);
  }
  const sample = sampleOf(`${id}, y`);
  const group = type === "numeric" ? `ntile(${ranges}) OVER (ORDER BY ${id})` : `coalesce(${id}::VARCHAR, '')`;
  // Words of few rows are one group: what is true of one row alone tells nothing.
  const often = `CASE WHEN count(*) OVER (PARTITION BY v) >= ${Math.min(LEAST, ranges)} THEN v::VARCHAR ELSE 'rare' END`;
  const grouped = `(SELECT ${often} AS g, y FROM (SELECT ${group} AS v, y FROM ${sample}))`;
  const [all, others] = await (task === "regression" ? varianceTold : majoritiesTold)(table, grouped);
  const words = (told: number) => `tells the target nearly alone (${(100 * told).toFixed(1)} %)`;
  if (all > TOO_GOOD) return finding("warning", `${words(all)}: ${advice}`);
  if (others > VERY_GOOD)
    return finding("hint", `${words(others)}: if it is known only when the target is, --ignore it`);
  if (task === "regression" || (type !== "numeric" && type !== "categorical")) return undefined;
  const text = await whereNothingIs(table, sample, id, type === "numeric");
  return text === undefined ? undefined : finding("hint", text);
}

/** Eta squared: of all rows, and as far as each row is told by the others of its group. */
async function varianceTold(table: DataTable, grouped: string): Promise<[all: number, others: number]> {
  const [row] = await table.query(`
    WITH each AS (SELECT y, avg(y) OVER () AS mean, avg(y) OVER (PARTITION BY g) AS m, count(*) OVER (PARTITION BY g) AS n FROM ${grouped})
    SELECT 1 - sum((y - m) ** 2) / nullif(sum((y - mean) ** 2), 0) AS told,
      1 - sum(CASE WHEN n > 1 THEN ((y - m) * n / (n - 1)) ** 2 ELSE (y - mean) ** 2 END) / nullif(sum((y - mean) ** 2), 0) AS others
    FROM each`);
  return [Number(row?.["told"] ?? 0), Number(row?.["others"] ?? 0)];
}

/** How far the majorities within the groups lead from the majority of all to no mistake, 0 to 1; and those of the others of each row's group. */
async function majoritiesTold(table: DataTable, grouped: string): Promise<[all: number, others: number]> {
  const [row] = await table.query(`
    WITH counts AS (SELECT g, y, count(*)::DOUBLE AS n FROM ${grouped} GROUP BY g, y),
      ranked AS (SELECT *, row_number() OVER (PARTITION BY g ORDER BY n DESC, y) AS place FROM counts),
      rivals AS (SELECT g, coalesce(max(n) FILTER (place = 1), 0) AS first, coalesce(max(n) FILTER (place = 2), 0) AS second FROM ranked GROUP BY g)
    SELECT sum(n) FILTER (place = 1) / sum(n) AS told,
      sum(CASE WHEN place = 1 AND n - 1 > second THEN n WHEN place = 1 AND n - 1 = second AND second > 0 THEN n / 2 ELSE 0 END) / sum(n) AS others,
      (SELECT max(n) FROM (SELECT sum(n) AS n FROM counts GROUP BY y)) / sum(n) AS majority
    FROM ranked JOIN rivals USING (g)`);
  const { told = 0, others = 0, majority = 0 } = (row ?? {}) as Record<string, number>;
  const lead = (share: number) => (majority < 1 ? (share - majority) / (1 - majority) : 0);
  return [lead(told), lead(others)];
}

/** What there is to say of a column that holds nothing where the target is of one class; by chance, that comes once in 100,000 columns. */
async function whereNothingIs(
  table: DataTable,
  sample: string,
  id: string,
  isNumber: boolean,
): Promise<string | undefined> {
  const nothing = isNumber ? `${id} IS NULL OR ${id} = 0` : `${id} IS NULL OR regexp_full_match(${id}, '0+')`;
  const [row] = await table.query(`
    WITH counts AS (SELECT y, count(*)::DOUBLE AS n, count(*) FILTER (${nothing})::DOUBLE AS own FROM ${sample} GROUP BY y)
    SELECT arg_max(y, own)::VARCHAR AS class, max(own) AS hits, sum(own) AS rows, arg_max(n, own) / sum(n) AS usual FROM counts`);
  const { hits = 0, rows = 0, usual = 1 } = (row ?? {}) as Record<string, number>;
  if (rows < LEAST || hits < ONE_CLASS * rows || hits * Math.log(usual) > Math.log(1e-5)) return undefined;
  const share = (part: number) => `${Math.round(100 * part)} %`;
  return (
    `where it is empty or 0, the target is ${row?.["class"]} in ${hits} of ${rows} rows, which is so in ${share(usual)} of all: ` +
    "if it is filled in only when the target is known, --ignore it"
  );
}
