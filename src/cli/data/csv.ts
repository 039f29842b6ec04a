import { EXIT, refuse } from "../exit.ts";

/** A table of numbers with named columns, row-major. */
export interface NumberTable {
  names: string[];
  rows: number;
  values: Float64Array;
}

/** Words that stand for "no value" in tables. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null", "none", "-"]);

/**
 * Reads comma-, semicolon- or tab-separated numbers (RFC 4180: quotes, line breaks in quotes). The first line names the
 * columns; when there is a number in it, it is data and the columns are called column1, column2...
 *
 * @param path the file's name in errors, which say line and column.
 * @throws CliError (data) for cells that are no numbers, missing values, lines of another length, no rows.
 */
export function readCsv(text: string, path: string): NumberTable {
  const records = [...parseRecords(text, separatorOf(text), path)];
  const first = records[0];
  if (!first) refuse(EXIT.data, `${path} is empty`, "a line of column names and lines of numbers");
  const headless = first.cells.some(isNumber);
  const names = headless ? first.cells.map((_, i) => `column${i + 1}`) : first.cells.map((cell) => cell.trim());
  refuseTwins(names, path);
  const body = headless ? records : records.slice(1);
  if (body.length === 0) refuse(EXIT.data, `${path} has column names but no rows`, "at least one line of numbers");
  const values = new Float64Array(body.length * names.length);
  body.forEach(({ cells, line }, row) => {
    if (cells.length !== names.length) {
      refuse(EXIT.data, `${path}:${line} has ${cells.length} values`, `${names.length}, one per column`);
    }
    cells.forEach((cell, column) => {
      values[row * names.length + column] = readCell(cell, `${path}:${line}, column "${names[column]}"`);
    });
  });
  return { names, rows: body.length, values };
}

function isNumber(cell: string): boolean {
  return cell.trim() !== "" && Number.isFinite(Number(cell));
}

function readCell(cell: string, where: string): number {
  const text = cell.trim();
  if (MISSING.has(text.toLowerCase())) {
    refuse(EXIT.data, `${where}: the value is missing`, "a number", "fill it in or leave the line out");
  }
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  const shown = JSON.stringify(text.slice(0, 30));
  return refuse(
    EXIT.data,
    `${where}: ${shown} is not a number`,
    "numbers only",
    "number the categories, such as 0, 1, 2",
  );
}

/** The separator that the first line holds most of. */
function separatorOf(text: string): string {
  const line = text.slice(0, text.search(/[\r\n]|$/)).replace(/"[^"]*"/g, "");
  const count = (separator: string) => line.split(separator).length;
  return [",", ";", "\t"].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

function refuseTwins(names: readonly string[], path: string): void {
  const twin = names.find((name, i) => names.indexOf(name) !== i);
  if (twin !== undefined) refuse(EXIT.data, `${path} has two columns named "${twin}"`, "a name of its own for each");
}

interface CsvRecord {
  cells: string[];
  /** Where it begins, 1-based. */
  line: number;
}

function* parseRecords(text: string, separator: string, path: string): Generator<CsvRecord> {
  const end = text.length;
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  while (at < end) {
    const record: CsvRecord = { cells: [], line };
    for (;;) {
      let cell: string;
      if (text[at] === '"') {
        const close = closingQuote(text, at);
        if (close < 0) refuse(EXIT.data, `${path}:${line}: a quoted value does not end`, 'a closing "');
        cell = text.slice(at + 1, close).replaceAll('""', '"');
        line += cell.split("\n").length - 1;
        at = close + 1;
      } else {
        cell = "";
      }
      const stop = nextStop(text, at, separator);
      cell += text.slice(at, stop);
      record.cells.push(cell);
      at = stop;
      if (text[at] !== separator) break;
      at++;
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    line++;
    if (record.cells.length > 1 || record.cells[0]?.trim()) yield record; // blank lines are skipped
  }
}

/** Position of the quote that ends the value starting at `open`; doubled ones belong to the value. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function nextStop(text: string, from: number, separator: string): number {
  let at = from;
  while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

/** Numbers as a CSV file with a header; names are quoted where they must be. */
export function writeCsv(names: readonly string[], rows: readonly (readonly (number | string)[])[]): string {
  const quote = (cell: number | string) => {
    const text = String(cell);
    return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows].map((row) => `${row.map(quote).join(",")}\n`).join("");
}
