import type { DataTable } from "../data/index.ts";
import { DATE_FORMATS } from "./dates.ts";
import type { Figures } from "./figures.ts";
import { amountSql, dateSql, numberSql, numberText, YEARS } from "./sql.ts";
import type { ColumnProfile, ColumnType, KeptColumn, Reading } from "./types.ts";

/** Of the values, how many must be of a type so that the others are taken for slips. */
const ENOUGH = 0.95;

/** Values by which formats of dates are tried first. */
const FEW = 10_000;

/** Whole numbers of so many different values at most are "ordinal". */
const MOST_LEVELS = 10;

const WORDS: readonly (readonly [string, string])[] = [
  ["false", "true"],
  ["no", "yes"],
  ["n", "y"],
  ["f", "t"],
  ["off", "on"],
];

/** What columns are looked at by. */
export interface Look {
  /** With all rows in `kept`. */
  readonly table: DataTable;
  /** Where all rows are, or a sample of very many. */
  readonly sample: "kept" | "peek";
  readonly figures: Figures;
}

/** What was counted of a column. */
interface Counts {
  n: number;
  present: number;
  distinct: number;
  numbers: number;
  amounts: number;
  /** The sign before the fractions of amounts. */
  decimal: "." | ",";
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
 * of several words, text; else categorical. What has to be sorted or kept apart (quantiles, different values, formats of dates) is looked
 * up in a sample of a table of many rows; a target's different values are counted in all.
 */
export async function profileColumn(look: Look, column: KeptColumn, isTarget = false): Promise<ColumnProfile> {
  const { id, name } = column;
  const counts = await count(look, column, isTarget);
  const base = {
    name,
    present: counts.present,
    missing: counts.n - counts.present,
    distinct: counts.distinct,
    misfits: 0,
  };
  const examples = await someOf(look.table, look.sample, column, `${id} IS NOT NULL`);
  const be = (type: ColumnType, reading: Reading, reason: string, fitting = counts.present): ColumnProfile => ({
    ...base,
    type,
    reading,
    reason,
    misfits: counts.present - fitting,
    examples,
  });

  const date = await dateReading(look, column, counts);
  const amount: Reading = { as: "amount", ...(counts.decimal === "," && { decimal: "," }) };
  const number: Reading = counts.numbers >= counts.amounts ? { as: "number" } : amount;
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

/** The sign before fractions: a comma where more of a few values are numbers by it than by a point, since commas stand where thousands have none. */
async function decimalSign({ figures, sample }: Look, id: string): Promise<"." | ","> {
  const { n, numbers, points, commas } = (await figures.of(`(SELECT * FROM ${sample} LIMIT ${FEW})`, {
    n: `count(${id})::DOUBLE`,
    numbers: `count(${numberSql(id)})::DOUBLE`,
    points: `count(${amountSql(id)})::DOUBLE`,
    commas: `count(${amountSql(id, ",")})::DOUBLE`,
  })) as Record<"n" | "numbers" | "points" | "commas", number>;
  return commas >= ENOUGH * n && commas > Math.max(numbers, points) ? "," : ".";
}

async function count(look: Look, { id, isText, isDate }: KeptColumn, isTarget: boolean): Promise<Counts> {
  const { figures, sample } = look;
  const all = await figures.of("kept", {
    n: "count(*)::DOUBLE",
    present: `count(${id})::DOUBLE`,
    about: `approx_count_distinct(${id})::DOUBLE`,
    numbers: isText ? `count(${numberSql(id)})::DOUBLE` : "0",
  });
  const { present, numbers } = all as Record<string, number>;
  // Amounts and words are looked for only where not all is plain numbers: to find them takes ten times as long.
  const isMixed = isText && numbers !== present;
  const decimal = isMixed ? await decimalSign(look, id) : ".";
  const amount = amountSql(id, decimal);
  const number = isMixed
    ? decimal === ","
      ? amount // "1.234" is a thousand there
      : `coalesce(${numberSql(id)}, ${amount})`
    : isText
      ? numberSql(id)
      : isDate
        ? "NULL::DOUBLE"
        : id;
  const [rest, some] = await Promise.all([
    figures.of("kept", {
      amounts: isMixed ? `count(${amount})::DOUBLE` : "0",
      coded: isText ? `count(*) FILTER (regexp_matches(${id}, '^0\\d'))::DOUBLE` : "0",
      whole: `count(*) FILTER (${number} = trunc(${number}))::DOUBLE`,
      low: `min(${number})`,
      high: `max(${number})`,
    }),
    figures.of(sample, {
      looked: `count(${id})::DOUBLE`,
      distinct: `count(DISTINCT ${id})::DOUBLE`,
      words: isMixed ? `coalesce(avg(len(string_split_regex(${id}, '\\s+'))), 0)` : "0",
      length: isMixed ? `coalesce(avg(length(${id})), 0)` : "0",
      q1: `quantile_cont(${number}, 0.25)`,
      median: `quantile_cont(${number}, 0.5)`,
      q3: `quantile_cont(${number}, 0.75)`,
    }),
  ]);
  const counts = { ...all, ...rest, ...some, decimal } as unknown as Counts & { about: number; looked: number };
  const distinct = isTarget ? await differentValues(look.table, id) : differentIn(counts);
  return { ...counts, distinct };
}

async function differentValues(kept: DataTable, id: string): Promise<number> {
  const [row] = await kept.query(
    `SELECT count(*)::DOUBLE AS n FROM (SELECT DISTINCT ${id} FROM kept WHERE ${id} IS NOT NULL)`,
  );
  return Number(row?.["n"]);
}

/**
 * Different values of a column by those of a sample: as many, where each was seen ten times; one a row, where all of the sample were different and
 * the estimate for all rows (HyperLogLog, some per cent wrong) is not far from that; else the estimate.
 */
function differentIn({ present, looked, distinct, about }: Counts & { about: number; looked: number }): number {
  if (looked === present || 10 * distinct <= looked) return distinct;
  if (distinct >= 0.98 * looked && about >= 0.8 * present) return present;
  return Math.max(distinct, Math.min(about, present));
}

/** How a column's dates are written; undefined when it holds none. */
async function dateReading(
  { table, sample, figures }: Look,
  { id, isText, isDate }: KeptColumn,
  counts: Counts,
): Promise<{ reading: Extract<Reading, { as: "date" }>; fitting: number } | undefined> {
  const within = (date: string) => `count(*) FILTER (year(${date}) BETWEEN ${YEARS[0]} AND ${YEARS[1]})::DOUBLE`;
  if (isDate) {
    const { fitting } = await figures.of("kept", { fitting: within(id) });
    return { reading: { as: "date" }, fitting: Number(fitting) };
  }
  if (!isText || counts.present === 0 || counts.numbers > 0.5 * counts.present) return undefined;
  const parsed = (id: string, formats: readonly string[]) => formats.map((format) => dateSql(id, format));
  const [few = {}] = await table.query(
    `SELECT ${parsed("v", DATE_FORMATS).map((date, i) => `count(${date})::DOUBLE AS d${i}`)}, count(v)::DOUBLE AS n
     FROM (SELECT ${id} AS v FROM ${sample} WHERE ${id} IS NOT NULL LIMIT ${FEW})`,
  );
  // Most formats read none of a few values: only the others are tried on all, which takes long.
  const formats = DATE_FORMATS.filter((_, i) => Number(few[`d${i}`]) > 0.5 * Number(few["n"]));
  if (formats.length === 0) return undefined;
  const columns = parsed(id, formats).map((date, i) => `count(${date})::DOUBLE AS d${i}, ${within(date)} AS f${i}`);
  const [row = {}] = await table.query(`SELECT ${columns.join(", ")} FROM kept`);
  const fits = formats.map((format, i) => ({ format, read: Number(row[`d${i}`]), fitting: Number(row[`f${i}`]) }));
  const best = fits.reduce((a, b) => (b.fitting > a.fitting ? b : a));
  if (best.read < ENOUGH * counts.present) return undefined;
  return { reading: { as: "date", format: best.format }, fitting: best.fitting };
}

/** A few different values, the most frequent ones. */
export async function someOf(
  kept: DataTable,
  from: "kept" | "peek",
  { id, isText, isDate }: KeptColumn,
  condition: string,
  many = 4,
): Promise<string[]> {
  const value = isText || isDate ? `${id}::VARCHAR` : numberText(id);
  const rows = await kept.query(
    `SELECT value FROM (SELECT ${value} AS value, count(*) AS n FROM ${from} WHERE ${condition} GROUP BY ${id} ORDER BY n DESC, value LIMIT ${many})`,
  );
  return rows.map((row) => String(row["value"]));
}
