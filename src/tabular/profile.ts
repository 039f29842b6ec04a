import type { DataTable } from "../data/index.ts";
import { DATE_FORMATS } from "./dates.ts";
import type { Figures, SqlColumn } from "./figures.ts";
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
  /** Infinite, or greater than float32 holds. */
  beyond: number;
  amounts: number;
  /** The sign before the fractions of amounts. */
  decimal: "." | ",";
  coded: number;
  /** Texts that may be dates by their shape. */
  dated: number;
  words: number;
  length: number;
  whole: number;
  low: number | null;
  high: number | null;
  /** A few values, the most frequent ones. */
  examples: readonly string[];
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
  const { name } = column;
  const counts = await count(look, column, isTarget);
  const base = {
    name,
    present: counts.present,
    missing: counts.n - counts.present,
    distinct: counts.distinct,
    misfits: 0,
  };
  const { examples } = counts;
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
  const isNumber = !column.isDate && fitting > 0 && fitting + counts.beyond >= ENOUGH * counts.present;
  if (counts.distinct <= 1) return be("constant", { as: "text" }, counts.distinct === 0 ? "no values" : "one value");
  if (date) return be("date", date.reading, date.reason, date.fitting);
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
  const few = await figures.each(`(SELECT * FROM ${sample} LIMIT ${FEW})`, { id, holds: "text" }, (v) => ({
    n: `count(${v})::DOUBLE`,
    numbers: `count(${numberSql(v)})::DOUBLE`,
    points: `count(${amountSql(v)})::DOUBLE`,
    commas: `count(${amountSql(v, ",")})::DOUBLE`,
  }));
  const { n, numbers, points, commas } = few as Record<"n" | "numbers" | "points" | "commas", number>;
  return commas >= ENOUGH * n && commas > Math.max(numbers, points) ? "," : ".";
}

async function count(look: Look, column: KeptColumn, isTarget: boolean): Promise<Counts> {
  const { figures, sample } = look;
  const { id, isText, isDate } = column;
  const all = await figures.each("kept", held(column), (v) => ({
    n: "count(*)::DOUBLE",
    present: `count(${v})::DOUBLE`,
    about: `approx_count_distinct(${v})::DOUBLE`,
    numbers: isText ? `count(${numberSql(v)})::DOUBLE` : "0",
    // "inf" among numbers is none that can be reckoned with, but no reason to take them for words.
    beyond: isText ? `count(try_cast(${v} AS DOUBLE))::DOUBLE - count(${numberSql(v)})::DOUBLE` : "0",
  }));
  const { present, numbers } = all as Record<string, number>;
  // Amounts and words are looked for only where not all is plain numbers: to find them takes ten times as long.
  const isMixed = isText && numbers !== present;
  const decimal = isMixed ? await decimalSign(look, id) : ".";
  const numberOf = (v: string) =>
    isMixed
      ? decimal === ","
        ? amountSql(v, decimal) // "1.234" is a thousand there
        : `coalesce(${numberSql(v)}, ${amountSql(v, decimal)})`
      : isText
        ? numberSql(v)
        : isDate
          ? "NULL::DOUBLE"
          : v;
  const [rest, some, { examples, ...different }] = await Promise.all([
    figures.each("kept", held(column), (v) => ({
      amounts: isMixed ? `count(${amountSql(v, decimal)})::DOUBLE` : "0",
      coded: isText ? `count(*) FILTER (regexp_matches(${v}, '^0\\d'))::DOUBLE` : "0",
      dated: isMixed ? `count(*) FILTER (${mayBeDate(v)})::DOUBLE` : "0",
      whole: `count(*) FILTER (${numberOf(v)} = trunc(${numberOf(v)}))::DOUBLE`,
      low: `min(${numberOf(v)})`,
      high: `max(${numberOf(v)})`,
    })),
    figures.each(sample, held(column), (v) => ({
      words: isMixed ? `coalesce(avg(len(string_split_regex(${v}, '\\s+'))), 0)` : "0",
      length: isMixed ? `coalesce(avg(length(${v})), 0)` : "0",
      quartiles: `quantile_cont(${numberOf(v)}, [0.25, 0.5, 0.75])`,
    })),
    valuesOf(look, sample, column, (v) => `${v} IS NOT NULL`),
  ]);
  const [q1 = null, median = null, q3 = null] = (some["quartiles"] ?? []) as number[];
  const counts = { ...all, ...rest, ...some, ...different, q1, median, q3, examples, decimal } as unknown as Counts & {
    about: number;
    looked: number;
  };
  const distinct = isTarget ? await differentValues(look.table, id) : differentIn(counts);
  return { ...counts, distinct };
}

/** A column of the table `kept`. */
function held({ id, isText, isDate }: KeptColumn): SqlColumn {
  return { id, holds: isText ? "text" : isDate ? "date" : "number" };
}

/** What all dates have by every format: digits, something else and digits again, and no comma with digits on both sides, as amounts have. */
function mayBeDate(text: string): string {
  return `regexp_matches(${text}, '\\d\\D+\\d') AND NOT regexp_matches(${text}, '\\d,\\d')`;
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
): Promise<{ reading: Extract<Reading, { as: "date" }>; reason: string; fitting: number } | undefined> {
  const within = (date: string) => `count(*) FILTER (year(${date}) BETWEEN ${YEARS[0]} AND ${YEARS[1]})::DOUBLE`;
  if (isDate) {
    const { fitting } = await figures.each("kept", { id, holds: "date" }, (v) => ({ fitting: within(v) }));
    return { reading: { as: "date" }, reason: "dates", fitting: Number(fitting) };
  }
  if (!isText || counts.present === 0 || counts.numbers > 0.5 * counts.present) return undefined;
  if (counts.dated < ENOUGH * counts.present) return undefined; // each format takes longer than this look at the shape
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
  // 01/02/2023 by all that is known: the other order of day and month fits as many values.
  const other = best.format.replace(/%[dm]/g, (sign) => (sign === "%d" ? "%m" : "%d"));
  const isOpen =
    other !== best.format && fits.some(({ format, fitting }) => format === other && fitting === best.fitting);
  const reason = `written as ${best.format}${isOpen ? `, or as ${other}: no value tells which` : ""}`;
  return { reading: { as: "date", format: best.format }, reason, fitting: best.fitting };
}

/** Values that are shown of a column. */
const SHOWN = 4;

/** Digits of a number that is less the greater the count is. */
const COUNT_DIGITS = 10;

/** Rows of `from` with a value that meets a condition, how many different ones these have, and a few of them, the most frequent ones. */
export async function valuesOf(
  { table, figures }: Pick<Look, "table" | "figures">,
  from: "kept" | "peek",
  column: KeptColumn,
  condition: (value: string) => string,
): Promise<{ looked: number; distinct: number; examples: string[] }> {
  const { id, isText, isDate } = column;
  const textOf = (v: string) => (isText || isDate ? `${v}::VARCHAR` : numberText(v));
  if (figures.isLong) {
    // The first in the order of count and value, by a text that is in the same order: sorting all would take longer than counting them.
    const key = `lpad((${10 ** COUNT_DIGITS - 1} - n)::VARCHAR, ${COUNT_DIGITS}, '0') || ${textOf("v")}`;
    const [row] = await figures.ask(
      from,
      held(column),
      (long) => `
        SELECT k, sum(n)::DOUBLE AS looked, count(*)::DOUBLE AS "distinct", to_json(min(${key}, ${SHOWN}))::VARCHAR AS examples
        FROM (SELECT k, v, count(*) AS n FROM ${long} WHERE ${condition("v")} GROUP BY k, v) GROUP BY k`,
    );
    if (!row) return { looked: 0, distinct: 0, examples: [] };
    const examples = JSON.parse(String(row["examples"])) as string[];
    return {
      looked: Number(row["looked"]),
      distinct: Number(row["distinct"]),
      examples: examples.map((text) => text.slice(COUNT_DIGITS)),
    };
  }
  const [counted, rows] = await Promise.all([
    figures.of(from, {
      looked: `count(*) FILTER (${condition(id)})::DOUBLE`,
      distinct: `count(DISTINCT ${id}) FILTER (${condition(id)})::DOUBLE`,
    }),
    table.query(
      `SELECT value FROM (SELECT ${textOf(id)} AS value, count(*) AS n FROM ${from} WHERE ${condition(id)} GROUP BY ${id} ORDER BY n DESC, value LIMIT ${SHOWN})`,
    ),
  ]);
  return {
    looked: Number(counted["looked"]),
    distinct: Number(counted["distinct"]),
    examples: rows.map((row) => String(row["value"])),
  };
}
