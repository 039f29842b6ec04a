import { fail } from "../../util/index.ts";

/** One row of a table by column name. */
export type TableRow = Readonly<Record<string, unknown>>;

/**
 * Rows of a text of values separated by commas, or another sign, the first row naming the columns (RFC 4180). Columns in which every value is a
 * number, or missing, become numbers.
 *
 * @throws DescentError for a row with more or fewer values than names.
 */
export function parseCsv(text: string, name: string, separator = ","): TableRow[] {
  const [names = [], ...rows] = cells(text.replace(/^\uFEFF/, ""), separator);
  const bad = rows.findIndex((row) => row.length !== names.length);
  if (bad >= 0) fail(`${name}: row ${bad} has ${rows[bad]?.length} values`, `${names.length}, as its first line has`);
  const numeric = names.map((_, c) => rows.every((row) => isNumber(row[c] as string)));
  const read = (value: string, c: number) => (numeric[c] ? (value.trim() === "" ? null : Number(value)) : value);
  return rows.map((row) => Object.fromEntries(names.map((column, c) => [column, read(row[c] as string, c)])));
}

/** A finite number, or nothing. Codes such as "007" are no numbers. */
function isNumber(value: string): boolean {
  return Number.isFinite(Number(value)) && !/^0\d/.test(value.trim());
}

/** The values of all lines that are not empty; quoted ones may hold separators, lines and doubled quotes. */
function cells(text: string, separator: string): string[][] {
  const value = new RegExp(
    `("(?:[^"]|"")*"|[^"${separator}\\r\\n][^${separator}\\r\\n]*|)(${separator}|\\r?\\n|$)`,
    "gy",
  );
  const lines: string[][] = [[]];
  for (let match = value.exec(text); match && value.lastIndex <= text.length; match = value.exec(text)) {
    const [, found = "", end] = match;
    lines.at(-1)?.push(found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found);
    if (value.lastIndex >= text.length) break;
    if (end !== separator) lines.push([]);
  }
  return lines.filter((line) => line.length > 1 || line[0] !== "");
}
