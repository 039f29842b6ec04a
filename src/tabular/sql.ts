import type { TableColumn } from "../data/index.ts";
import type { KeptColumn, Reading } from "./types.ts";

/** A text as SQL writes it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column's name as SQL writes it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A number as SQL writes it. */
export function literal(value: number): string {
  return Number.isFinite(value) ? `${value}::DOUBLE` : value > 0 ? "'inf'::DOUBLE" : "'-inf'::DOUBLE";
}

/** Words for "no value", as they stand in tables; compared in lower case, without blanks around. */
const MISSING = [
  "",
  "?",
  "na",
  "n/a",
  "nan",
  "null",
  "none",
  "nil",
  "-",
  ".",
  "--",
  "#n/a",
  "#value!",
  "missing",
  "unknown",
];

/** Whether a DOUBLE is a number that float32 can hold: features are float32, and no sum of squares or cubes of such numbers is infinite. */
function holds(number: string): string {
  return `abs(${number}) <= 3.4028234e38`;
}

/** A column of a file as it is kept: numbers DOUBLE, dates TIMESTAMP, all else trimmed VARCHAR; NULL where a value is missing. */
export function keptSql({ name, kind, type }: TableColumn): string {
  const column = sqlName(name);
  if (kind === "number") return `CASE WHEN ${holds(`${column}::DOUBLE`)} THEN ${column}::DOUBLE END`;
  if (kind === "boolean") return `CASE WHEN ${column} THEN 'true' WHEN NOT ${column} THEN 'false' END`;
  if (kind === "date") return `${column}::TIMESTAMP`;
  if (kind === "bytes") return "NULL::VARCHAR";
  const text =
    type === "JSON" ? `(${column} ->> '$')` : kind === "text" ? `${column}::VARCHAR` : `to_json(${column})::VARCHAR`;
  const trimmed = `trim(${text}, ' \t\r\n')`;
  // Not by IN, which becomes a join: each takes 14 MB, and there are as many as columns.
  return `CASE WHEN NOT list_contains([${MISSING.map(sqlText).join(", ")}], lower(${trimmed})) THEN ${trimmed} END`;
}

/** Years beyond which a date is taken for a slip. */
export const YEARS = [1000, 2200] as const;

/** A kept text column as what it is read as: DOUBLE, TIMESTAMP, or VARCHAR; NULL for values that are none. */
export function readSql({ id: column, isText, isDate }: KeptColumn, reading: Reading): string {
  if (reading.as === "date") {
    const date = isDate
      ? column
      : !isText
        ? `epoch_ms(${column}::BIGINT)`
        : reading.format
          ? dateSql(column, reading.format)
          : `try_cast(${column} AS TIMESTAMP)`;
    return `CASE WHEN year(${date}) BETWEEN ${YEARS[0]} AND ${YEARS[1]} THEN ${date} END`;
  }
  if (reading.as === "words") {
    const [no, yes] = reading.words.map((word) => sqlText(word.toLowerCase()));
    const value = `lower(${column}::VARCHAR)`;
    return `CASE ${value} WHEN ${yes} THEN 1.0::DOUBLE WHEN ${no} THEN 0.0::DOUBLE END`;
  }
  if (reading.as === "text") return isText ? column : isDate ? `${column}::VARCHAR` : numberText(column);
  const number = isDate
    ? `epoch_ms(${column})::DOUBLE`
    : !isText
      ? column
      : reading.as === "number"
        ? numberSql(column)
        : amountSql(column, reading.decimal);
  const { unknown = [] } = reading;
  return unknown.length > 0
    ? `CASE WHEN (${number}) NOT IN (${unknown.map(literal).join(", ")}) THEN ${number} END`
    : number;
}

/** A number as the text that it has in a file: 3, not 3.0. */
export function numberText(column: string): string {
  return `CASE WHEN ${column} = trunc(${column}) AND abs(${column}) < 1e15 THEN ${column}::BIGINT::VARCHAR ELSE ${column}::VARCHAR END`;
}

/** A text as a number, or NULL. */
export function numberSql(column: string): string {
  const number = `try_cast(${column} AS DOUBLE)`;
  return `CASE WHEN ${holds(number)} THEN ${number} END`;
}

/** Numbers by the sign before their fraction: whole ones with or without groups of digits (1,234 and 12,34,567), fraction, power of ten. */
const AMOUNTS = {
  ".": "^[-+]?([1-9]\\d{0,2}(,\\d{2,3})*,\\d{3}|\\d*)(\\.\\d*)?([eE][-+]?\\d+)?$",
  ",": "^[-+]?([1-9]\\d{0,2}(\\.\\d{3})+|\\d*)(,\\d*)?([eE][-+]?\\d+)?$",
};

/** A text as a date by a format of strptime, whose %z is an offset from UTC that is left out: what counts is the time of day at the place. */
export function dateSql(column: string, format: string): string {
  if (!format.endsWith("%z")) return `try_strptime(${column}, ${sqlText(format)})`;
  const local = `regexp_replace(${column}, '(Z|[+-]\\d\\d:?(\\d\\d)?)$', '')`;
  return `CASE WHEN ${local} <> ${column} THEN try_strptime(${local}, ${sqlText(format.slice(0, -2))}) END`;
}

/** "$1,234.50", "12 %" and "(3)" as numbers: 1234.5, 12 and -3; with the decimal sign "," "1.234,50" is 1234.5, and "1,234" is 1.234. */
export function amountSql(column: string, decimal: "." | "," = "."): string {
  const bare = `regexp_replace(regexp_replace(${column}, '^\\((.*)\\)$', '-\\1'), '[$€£¥%\\s\\x{A0}\\x{202F}''’]', '', 'g')`;
  const plain = decimal === "." ? `replace(${bare}, ',', '')` : `replace(replace(${bare}, '.', ''), ',', '.')`;
  return `CASE WHEN regexp_matches(${bare}, '${AMOUNTS[decimal]}') THEN ${numberSql(plain)} END`;
}
