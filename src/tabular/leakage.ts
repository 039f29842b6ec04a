import type { FittedColumn } from "./features.ts";
import type { Figures, SqlColumn } from "./figures.ts";
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
  columns: readonly FittedColumn[],
  task: TableTask,
  figures: Figures,
): Promise<Finding[]> {
  const { n } = await figures.of(sampleOf("part"), { n: "count(*)::DOUBLE" });
  const ranges = Math.max(2, Math.min(RANGES, Math.floor(Number(n) / LEAST)));
  const found = columns.map((column) => leakOf(column, task, ranges, figures));
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
  { profile: { name, type }, id }: FittedColumn,
  task: TableTask,
  ranges: number,
  figures: Figures,
): Promise<Finding | undefined> {
  const finding = (kind: Finding["kind"], text: string): Finding => ({ kind, column: name, text });
  const advice = "leave it out (--ignore) unless it is known before the target is";
  const isNumber = type === "numeric" || type === "ordinal" || type === "boolean";
  const own: SqlColumn = { id, holds: isNumber ? "number" : "text" };
  if (isNumber && task === "regression") {
    const { r } = await figures.each(sampleOf("*"), own, (v) => ({ r: `abs(corr(${v}, y))` }), ["y"]);
    const close = Number(r ?? 0);
    if (close > TOO_GOOD)
      return finding("warning", `follows the target nearly exactly (correlation ${close.toFixed(4)}): ${advice}`);
  }
  // Words of few rows are one group: what is true of one row alone tells nothing.
  const group = type === "numeric" ? `ntile(${ranges}) OVER (PARTITION BY k ORDER BY v)` : "coalesce(v::VARCHAR, '')";
  const [all, others] = await (task === "regression" ? varianceTold : majoritiesTold)(figures, own, {
    group,
    often: Math.min(LEAST, ranges),
  });
  const words = (told: number) => `tells the target nearly alone (${(100 * told).toFixed(1)} %)`;
  if (all > TOO_GOOD) return finding("warning", `${words(all)}: ${advice}`);
  if (others > VERY_GOOD)
    return finding("hint", `${words(others)}: if it is known only when the target is, --ignore it`);
  if (task === "regression" || (type !== "numeric" && type !== "categorical")) return undefined;
  const text = await whereNothingIs(figures, own);
  return text === undefined ? undefined : finding("hint", text);
}

/** How rows are grouped by a column: SQL of a group's name, and from how many rows on it is one of its own. */
interface Groups {
  readonly group: string;
  readonly often: number;
}

/** SQL of a group's name, where `rows` are those of the value v. */
const named = (rows: string, often: number) => `CASE WHEN ${rows} >= ${often} THEN v::VARCHAR ELSE 'rare' END`;

/**
 * Eta squared: of all rows, and as far as each row is told by the others of its group. With s and q, the sums over the n rows of a group of how far y is
 * from the mean of all, and of the squares of that, the squares within the group sum up to q - s^2 / n.
 */
async function varianceTold(figures: Figures, column: SqlColumn, { group, often }: Groups): Promise<[number, number]> {
  const mean = `(SELECT avg(y) FROM ${sampleOf("y")})`;
  const sql = (long: string) => `
    WITH cells AS (SELECT k, ${group} AS v, y - ${mean} AS d FROM ${long}),
      counts AS (SELECT k, v, count(*)::DOUBLE AS n, sum(d) AS s, sum(d * d) AS q FROM cells GROUP BY k, v),
      groups AS (SELECT k, ${named("n", often)} AS g, sum(n) AS n, sum(s) AS s, sum(q) AS q FROM counts GROUP BY k, g)
    SELECT k, 1 - sum(q - s * s / n) / nullif(sum(q), 0) AS told,
      1 - sum(CASE WHEN n > 1 THEN (q - s * s / n) * (n / (n - 1)) ** 2 ELSE q END) / nullif(sum(q), 0) AS others
    FROM groups GROUP BY k`;
  const [row] = await figures.ask(sampleOf("*"), column, sql, ["y"]);
  return [Number(row?.["told"] ?? 0), Number(row?.["others"] ?? 0)];
}

/** How far the majorities within the groups lead from the majority of all to no mistake, 0 to 1; and those of the others of each row's group. */
async function majoritiesTold(
  figures: Figures,
  column: SqlColumn,
  { group, often }: Groups,
): Promise<[all: number, others: number]> {
  const sql = (long: string) => `
    WITH cells AS (SELECT k, ${group} AS v, y FROM ${long}),
      pairs AS (SELECT k, v, y, count(*)::DOUBLE AS n FROM cells GROUP BY k, v, y),
      called AS (SELECT k, ${named("sum(n) OVER (PARTITION BY k, v)", often)} AS g, y, n FROM pairs),
      counts AS (SELECT k, g, y, sum(n) AS n FROM called GROUP BY k, g, y),
      ranked AS (SELECT *, row_number() OVER (PARTITION BY k, g ORDER BY n DESC, y) AS place FROM counts),
      rivals AS (SELECT k, g, coalesce(max(n) FILTER (place = 1), 0) AS first, coalesce(max(n) FILTER (place = 2), 0) AS second
        FROM ranked GROUP BY k, g)
    SELECT k, sum(first) / sum(rows) AS told,
      sum(CASE WHEN first - 1 > second THEN first WHEN first - 1 = second AND second > 0 THEN first / 2 ELSE 0 END) / sum(rows) AS others
    FROM rivals JOIN (SELECT k, g, sum(n) AS rows FROM counts GROUP BY k, g) USING (k, g) GROUP BY k`;
  const classes = `(SELECT count(*)::DOUBLE AS n FROM ${sampleOf("y")} GROUP BY y)`;
  const [[row], most] = await Promise.all([
    figures.ask(sampleOf("*"), column, sql, ["y"]),
    figures.of(classes, { majority: "max(n) / sum(n)" }),
  ]);
  const { told = 0, others = 0 } = (row ?? {}) as Record<string, number>;
  const majority = Number(most["majority"] ?? 0);
  const lead = (share: number) => (majority < 1 ? (share - majority) / (1 - majority) : 0);
  return [lead(told), lead(others)];
}

/** What there is to say of a column that holds nothing where the target is of one class; by chance, that comes once in 100,000 columns. */
async function whereNothingIs(figures: Figures, column: SqlColumn): Promise<string | undefined> {
  const nothing = column.holds === "number" ? "v IS NULL OR v = 0" : "v IS NULL OR regexp_full_match(v, '0+')";
  const sql = (long: string) => `
    WITH counts AS (SELECT k, y, count(*)::DOUBLE AS n, count(*) FILTER (${nothing})::DOUBLE AS own FROM ${long} GROUP BY k, y)
    SELECT k, arg_max(y, own)::VARCHAR AS class, max(own) AS hits, sum(own) AS rows, arg_max(n, own) / sum(n) AS usual FROM counts GROUP BY k`;
  const [row] = await figures.ask(sampleOf("*"), column, sql, ["y"]);
  const { hits = 0, rows = 0, usual = 1 } = (row ?? {}) as Record<string, number>;
  if (rows < LEAST || hits < ONE_CLASS * rows || hits * Math.log(usual) > Math.log(1e-5)) return undefined;
  const share = (part: number) => `${Math.round(100 * part)} %`;
  return (
    `where it is empty or 0, the target is ${row?.["class"]} in ${hits} of ${rows} rows, which is so in ${share(usual)} of all: ` +
    "if it is filled in only when the target is known, --ignore it"
  );
}
