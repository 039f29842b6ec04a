import type { DataTable } from "../data/index.ts";
import { DATE_FORMATS } from "./dates.ts";
import { amountSql, numberSql, sqlText, YEARS } from "./sql.ts";
import type { ColumnProfile, ColumnType, KeptColumn, Reading } from "./types.ts";

/** Of the values, how many must be of a type so that the others are taken for slips. */
const ENOUGH = 0.95;

/** Whole numbers of so many different values at most are "ordinal". */
const MOST_LEVELS = 10;

const WORDS: readonly (readonly [string, string])[] = [
  ["false", "true"],
  ["no", "yes"],
  ["n", "y"],
  ["f", "t"],
  ["off", "on"],
];

/** What was counted of a column. */
interface Counts {
  n: number;
  present: number;
  distinct: number;
  numbers: number;
  amounts: number;
  coded: number;
  words: number;
  length: number;
  whole: number;
  low: number | null;
  high: number | null;
  q1: number | null;
  median: number | null;
  q3: number | null;
}

/**
 * Infers what a column of the table `kept` is. The rules, first that holds: one value or none, constant; a file's own dates, and texts that follow
 * one format of dates, date; two values, boolean, when they are numbers or words such as yes and no; numbers: codes with leading zeros are
 * categories, serial numbers identifiers, few whole numbers ordinal, else numeric; other texts: different in nearly every row, identifier or,
 * of several words, text; else categorical.
 */
export async function profileColumn(kept: DataTable, column: KeptColumn): Promise<ColumnProfile> {
  const { id, name } = column;
  const counts = await count(kept, column);
  const base = {
    name,
    present: counts.present,
    missing: counts.n - counts.present,
    distinct: counts.distinct,
    misfits: 0,
  };
  const examples = await someOf(kept, id, `${id} IS NOT NULL`);
  const be = (type: ColumnType, reading: Reading, reason: string, fitting = counts.present): ColumnProfile => ({
    ...base,
    type,
    reading,
    reason,
    misfits: counts.present - fitting,
    examples,
  });

  const date = await dateReading(kept, column, counts);
  const number: Reading = { as: counts.numbers >= counts.amounts ? "number" : "amount" };
  const fitting = column.isText ? Math.max(counts.numbers, counts.amounts) : counts.present;
  const isNumber = !column.isDate && fitting >= ENOUGH * counts.present && counts.present > 0;
  if (counts.distinct <= 1) return be("constant", { as: "text" }, counts.distinct === 0 ? "no values" : "one value");
  if (date)
    return be("date", date.reading, date.reading.format ? `written as ${date.reading.format}` : "dates", date.fitting);
  const pair = WORDS.find(
    (words) => examples.length === 2 && words.every((word) => examples.some((e) => e.toLowerCase() === word)),
  );
  if (pair && counts.distinct === 2) return be("boolean", { as: "words", words: pair }, `${pair[1]} or ${pair[0]}`);
  if (isNumber && counts.coded <= 0.2 * counts.present) return { ...be(...numberType(name, counts, number), fitting) };
  if (isNumber && counts.distinct === 2) return be("categorical", { as: "text" }, "two codes");
  return be(...textType(counts));
}

function numberType(name: string, counts: Counts, reading: Reading): [ColumnType, Reading, string] {
  const { present, distinct, whole, low, high, q1, median, q3 } = counts;
  const allWhole = whole === present || whole >= ENOUGH * present;
  const [least, most] = [low ?? 0, high ?? 0];
  if (distinct === 2) return ["boolean", reading, "two numbers"];
  if (!allWhole) return ["numeric", reading, "numbers"];
  if (distinct <= MOST_LEVELS) return ["ordinal", reading, `${distinct} whole numbers`];
  const unique = distinct >= 0.98 * present;
  const counted = unique && most - least + 1 <= 1.02 * present && present >= 20;
  if (counted) return ["identifier", reading, "numbers of rows"];
  if (unique && /(^|[_\W])(id|uuid|guid|key|index|nr|no)$|Id$|ID$/.test(name))
    return ["identifier", reading, "numbers of things"];
  const serial = distinct >= 0.9 * present && least >= 10_000 && (q3 ?? 0) - (q1 ?? 0) < 0.05 * (median ?? 0);
  if (serial) return ["identifier", reading, "serial numbers"];
  return ["numeric", reading, "whole numbers"];
}

function textType({ present, distinct, words, length }: Counts): [ColumnType, Reading, string] {
  const reading: Reading = { as: "text" };
  const perRow = distinct / present;
  if (words >= 2 && perRow > 0.5) return ["text", reading, `${words.toFixed(1)} words on average`];
  if (perRow > 0.95 && present >= 20) return ["identifier", reading, "a different text in nearly every row"];
  if (length > 80) return ["text", reading, `${Math.round(length)} characters on average`];
  return ["categorical", reading, `${distinct.toLocaleString("en-US")} different texts`];
}

async function count(kept: DataTable, { id, isText, isDate }: KeptColumn): Promise<Counts> {
  const number = isText ? `coalesce(${numberSql(id)}, ${amountSql(id)})` : isDate ? "NULL::DOUBLE" : id;
  const text = (sql: string) => (isText ? sql : "0");
  const [row = {}] = await kept.query(`
    SELECT count(*)::DOUBLE AS n, count(${id})::DOUBLE AS present, count(DISTINCT ${id})::DOUBLE AS "distinct",
      ${text(`count(${numberSql(id)})::DOUBLE`)} AS numbers, ${text(`count(${amountSql(id)})::DOUBLE`)} AS amounts,
      ${text(`count(*) FILTER (regexp_matches(${id}, '^0\\d'))::DOUBLE`)} AS coded,
      ${text(`coalesce(avg(len(string_split_regex(${id}, '\\s+'))), 0)`)} AS words,
      ${text(`coalesce(avg(length(${id})), 0)`)} AS length,
      count(*) FILTER (${number} = trunc(${number}))::DOUBLE AS whole,
      min(${number}) AS low, max(${number}) AS high,
      quantile_cont(${number}, 0.25) AS q1, quantile_cont(${number}, 0.5) AS median, quantile_cont(${number}, 0.75) AS q3
    FROM kept`);
  return row as unknown as Counts;
}

/** How a column's dates are written; undefined when it holds none. */
async function dateReading(
  kept: DataTable,
  { id, isText, isDate }: KeptColumn,
  counts: Counts,
): Promise<{ reading: Extract<Reading, { as: "date" }>; fitting: number } | undefined> {
  const within = (date: string) => `count(*) FILTER (year(${date}) BETWEEN ${YEARS[0]} AND ${YEARS[1]})::DOUBLE`;
  if (isDate) {
    const [row] = await kept.query(`SELECT ${within(id)} AS fitting FROM kept`);
    return { reading: { as: "date" }, fitting: Number(row?.["fitting"]) };
  }
  if (!isText || counts.present === 0 || counts.numbers > 0.5 * counts.present) return undefined;
  const parsed = DATE_FORMATS.map((format) => `try_strptime(${id}, ${sqlText(format)})`);
  const columns = parsed.map((date, i) => `count(${date})::DOUBLE AS d${i}, ${within(date)} AS f${i}`);
  const [row = {}] = await kept.query(`SELECT ${columns.join(", ")} FROM kept`);
  const fits = DATE_FORMATS.map((format, i) => ({ format, read: Number(row[`d${i}`]), fitting: Number(row[`f${i}`]) }));
  const best = fits.reduce((a, b) => (b.fitting > a.fitting ? b : a));
  if (best.read < ENOUGH * counts.present) return undefined;
  return { reading: { as: "date", format: best.format }, fitting: best.fitting };
}

/** A few different values. */
export async function someOf(kept: DataTable, id: string, condition: string, many = 4): Promise<string[]> {
  const rows = await kept.query(
    `SELECT value FROM (SELECT ${id}::VARCHAR AS value, count(*) AS n FROM kept WHERE ${condition} GROUP BY ${id} ORDER BY n DESC, value LIMIT ${many})`,
  );
  return rows.map((row) => String(row["value"]));
}
