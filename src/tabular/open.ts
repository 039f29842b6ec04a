import { type DataTable, isQuery, openTable, type TableColumn, type TableOptions } from "../data/index.ts";
import { fail, nearest } from "../util/index.ts";
import { keptSql, sqlName } from "./sql.ts";
import type { KeptColumn } from "./types.ts";

/** How a table is read, before anything is known of its columns. */
export interface SourceOptions {
  /** Whether the first line of a CSV file names the columns; default: as its contents suggest. Without, they are column1, column2, ... */
  readonly header?: boolean | undefined;
  /** What separates the values of a CSV file; default: as its contents suggest. */
  readonly delimiter?: string | undefined;
  /** How the letters of a CSV file are written, such as "windows-1252"; default: as its bytes suggest (`openTable`). */
  readonly charset?: string | undefined;
  /** A query over the file, which it calls `data`: its answer is the table. */
  readonly sql?: string | undefined;
  /** The table of a DuckDB database file. */
  readonly table?: string | undefined;
  /** Megabytes that the whole training, or the model's use, may take, 512 or more; default half of the machine's, or of its container's. */
  readonly memory?: number | undefined;
}

/** A table that is open to be read once, in the order of its files. */
export interface FoundTable {
  readonly table: DataTable;
  readonly columns: readonly KeptColumn[];
  readonly header: boolean;
  /** A query that gives the columns c0, c1, ..., and "#", the rows' numbers from 1 on. */
  readonly rows: string;
}

/** A table whose values were read once: `kept` in SQL, with what {@link FoundTable.rows} gives. */
export type KeptTable = Omit<FoundTable, "rows">;

/** What DuckDB is given of the memory. */
type DatabaseOptions = Omit<SourceOptions, "memory"> & { memory: number; threads: number | undefined };

/** Rows beyond which quantiles, different values and the like are those of a sample of so many rows, drawn by a hash of the row's number. */
export const SAMPLE = 1_000_000;

/** Knuth's multiplier for hashes of 32 bits: the golden ratio, so that any number of rows spreads evenly. */
const SPREAD = 2_654_435_761;

/** Makes the table `peek` of a sample of `kept`, where that has many rows; says how many it has, and what to look at. */
export async function takeSample(table: DataTable): Promise<{ rows: number; sample: "kept" | "peek" }> {
  const [{ n } = { n: 0 }] = await table.query("SELECT count(*)::DOUBLE AS n FROM kept");
  const rows = Number(n);
  if (rows <= SAMPLE) return { rows, sample: "kept" };
  const chosen = `("#" * ${SPREAD}) % ${2 ** 32} < ${Math.round((SAMPLE / rows) * 2 ** 32)}`;
  await table.query(`CREATE TABLE peek AS FROM kept WHERE ${chosen}`);
  return { rows, sample: "peek" };
}

/** SQL of the rows, or a sample of them; of the part 0, the training part, where that is asked for. The table `rows` lies in a random order. */
export function someRows(columns: string, part?: 0): string {
  return `(SELECT ${columns} FROM rows ${part === undefined ? "" : `WHERE part = ${part} `}LIMIT ${SAMPLE})`;
}

/** Reads a file once and keeps what it says, so that it can be looked at several times. */
export async function keepTable(source: string | readonly string[], options: DatabaseOptions): Promise<KeptTable> {
  const { table, columns, header, rows } = await findTable(source, options);
  try {
    await table.query(`CREATE TABLE kept AS ${rows}`);
    return { table, columns, header };
  } catch (error) {
    await table.close();
    throw error;
  }
}

/** Columns from which on those of texts are read as a list. */
const MANY_COLUMNS = 200;

/** Opens a file: every value of a CSV file as the text that it is, so that one odd value far down spoils nothing. */
export async function findTable(source: string | readonly string[], options: DatabaseOptions): Promise<FoundTable> {
  const { header: given, delimiter, charset, sql, table: inner, memory, threads } = options;
  const [first = ""] = typeof source === "string" ? [source] : source;
  const isCsv = !isQuery(first) && /\.(csv|tsv|txt|data)(\.gz)?$/i.test(first);
  const header = !isCsv || (given ?? (await hasHeader(source, { delimiter, charset })));
  const table = await openTable(source, {
    sql,
    table: inner,
    memory,
    threads,
    ...(isCsv && { header, delimiter, charset, text: true, missing: [""] }),
  });
  const columns = table.columns.map(
    ({ name, kind }, i): KeptColumn => ({
      name: header ? name.trim() : `column${i + 1}`,
      id: `c${i}`,
      isText: kind !== "number" && kind !== "date",
      isDate: kind === "date",
    }),
  );
  const isListed = (column: TableColumn) => table.columns.length > MANY_COLUMNS && column.type === "VARCHAR";
  const listed = table.columns.filter(isListed);
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  let texts = "texts";
  while (taken.has(texts)) texts += "_";
  const values = table.columns.map((column, i) =>
    isListed(column) ? `${texts}[${listed.indexOf(column) + 1}] AS c${i}` : `${keptSql(column)} AS c${i}`,
  );
  const from = listed.length === 0 ? "data" : `(SELECT *, ${textsSql(listed)} AS ${texts} FROM data)`;
  return {
    table,
    columns,
    header,
    rows: `SELECT row_number() OVER () AS "#", ${values.join(", ")} FROM ${from}`,
  };
}

/** Texts as they are kept, as one list: DuckDB plans an expression for each of a thousand columns in minutes, and one of a list's elements at once. */
function textsSql(columns: readonly TableColumn[]): string {
  const kept = keptSql({ name: "x", type: "VARCHAR", kind: "text", width: 1 });
  return `list_transform([${columns.map(({ name }) => sqlName(name)).join(", ")}], lambda x: ${kept})`;
}

/** Whether the first line of a CSV file names its columns: as DuckDB sees it, whose own names are column0, column1, ... */
async function hasHeader(source: string | readonly string[], options: TableOptions): Promise<boolean> {
  const table = await openTable(source, options).catch(() => undefined);
  if (!table) return true;
  await table.close();
  return !table.columns.every(({ name }) => /^column\d+$/.test(name));
}

/**
 * The column of a name, or of a number counted from 1, -1 being the last.
 *
 * @throws DescentError naming the nearest name.
 */
export function columnOf(columns: readonly KeptColumn[], asked: string, what: string, file: string): KeptColumn {
  const names = columns.map(({ name }) => name);
  const exact = columns.find(({ name }) => name === asked);
  if (exact) return exact;
  const place = /^-?\d+$/.test(asked) ? Number(asked) : 0;
  const counted = place > 0 ? columns[place - 1] : place < 0 ? columns.at(place) : undefined;
  if (counted) return counted;
  const near = nearest(asked, names);
  const shown = names.length > 30 ? `${names.slice(0, 30).join(", ")}, ...` : names.join(", ");
  return fail(`${file} has no ${what} "${asked}"`, `one of ${shown}`, near && `did you mean "${near}"?`);
}

/** Columns of the table `kept` that the names in SQL quote. */
export function quoted(columns: readonly KeptColumn[]): string {
  return columns.map(({ id }) => sqlName(id)).join(", ");
}
