import { mkdir, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fail, unknownName } from "../../util/index.ts";
import { rowsOf } from "../datasets/batch.ts";
import { Dataset } from "../datasets/dataset.ts";
import { passingStore } from "../datasets/disk.ts";
import type { Flow } from "../datasets/flow.ts";
import { batchFlow } from "../datasets/stages/batches.ts";
import { cacheFlow } from "../datasets/stages/cache.ts";
import { type Columns, wordsOf } from "../datasets/stages/columns.ts";
import { writeUtf8, writingOf } from "./charset.ts";
import { columnOf, columnSql, type TableColumn } from "./columns.ts";
import { delimiterOf } from "./delimiter.ts";
import { Database, newSpill, QueryError } from "./duckdb.ts";
import { refuseForeign } from "./foreign.ts";
import { hasMixedEnds } from "./line-ends.ts";
import { type TableOptions, type TableSettings, tableSettings } from "./options.ts";
import { type Output, outputsOf, Pieces } from "./pieces.ts";
import { filesOfQuery, statementOf } from "./query.ts";
import { quotesOf, sniffed } from "./sniff.ts";
import { isQuery, quoteName, quoteText, withoutPatterns } from "./sql.ts";
import { fitsThread, ReadingThread } from "./thread.ts";
import { refuseUneven } from "./uneven.ts";

/** Files up to so many bytes are counted at once; larger ones of CSV and JSON at the first pass over them. */
const QUICKLY_COUNTED = 1 << 26;

/** Rows from which on a thread is worth its start of some 50 ms; bytes of the files where nobody has counted. */
const MANY_ROWS = 200_000;
const MANY_BYTES = 1 << 24;

/** Bytes of a batch of samples that are kept in a file. */
const KEPT_BYTES = 1 << 20;

/** Contents of a table by a file's ending. */
const FORMATS = {
  csv: ["csv", "tsv", "txt", "data", "csv.gz", "tsv.gz"],
  json: ["json", "jsonl", "ndjson", "json.gz", "jsonl.gz", "ndjson.gz"],
  parquet: ["parquet", "pq"],
  duckdb: ["duckdb", "db"],
} as const;

type Format = keyof typeof FORMATS;

/**
 * A table in files, as DuckDB sees it: of any size, since only what a query's answer holds comes into memory. In SQL it is called `data`.
 */
export class Table {
  private count: number | undefined;

  private constructor(
    /** What errors call it. */
    readonly name: string,
    readonly columns: readonly TableColumn[],
    private readonly database: Database,
    count: number | undefined,
    /** Bytes of its files. */
    private readonly size: number,
    /** How the letters of CSV files are written, by the Encoding Standard's names; "utf-8" of other files. */
    readonly charsets: readonly string[] = ["utf-8"],
    /** What its rows are read from. */
    private readonly from = "data",
  ) {
    this.count = count;
  }

  /** See `openTable`. */
  static async open(source: string | readonly string[], options: TableOptions = {}): Promise<Table> {
    const settings = tableSettings("openTable", options);
    if (typeof source === "string" && isQuery(source)) return Table.ofQuery(source, settings);
    const given = typeof source === "string" ? [source] : source;
    if (!Array.isArray(given) || given.length === 0 || given.some((file) => typeof file !== "string")) {
      fail(`openTable got ${JSON.stringify(source)}`, "a file, or a list of files of one kind");
    }
    const files = await Promise.all(given.map(checkedFile));
    const formats = [...new Set(files.map(({ path }) => formatOf(path)))];
    const [format] = formats;
    if (formats.length > 1) fail(`openTable got files of several kinds: ${formats.join(", ")}`, "files of one kind");
    for (const [i, { path }] of files.entries()) await refuseForeign(given[i] as string, path);
    const name = given.length === 1 ? (given[0] as string) : `${given[0]} and ${given.length - 1} more`;
    const paths = files.map(({ path }) => path);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const { memory, threads } = settings;
    const folder = newSpill();
    const written = format === "csv" ? await asUtf8(paths, settings, folder) : { paths, settings, charsets: undefined };
    const onDisk = isLarge(size, memory);
    const database = await Database.open({ files: written.paths, memory, threads, onDisk, folder });
    try {
      await makeView(database, name, format as Format, written.paths, written.settings);
      await database.lock();
      const described = await explained(name, () => database.rows("DESCRIBE data"));
      const columns = described.map((row) => columnOf(String(row["column_name"]), String(row["column_type"])));
      const sign = columns.length === 1 ? /[,;\t|]/.exec(columns[0]?.name ?? "")?.[0] : undefined;
      if (format === "csv" && sign) await refuseUneven(name, written.paths[0] as string, sign);
      const quick =
        settings.sql === undefined && (format === "parquet" || format === "duckdb" || size <= QUICKLY_COUNTED);
      const table = new Table(name, columns, database, undefined, size, written.charsets);
      if (quick) await table.rows();
      return table;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** What a query gives that names its files itself: these can be read, and no others. */
  private static async ofQuery(query: string, settings: TableSettings): Promise<Table> {
    const { memory, threads } = settings;
    const { files, folders } = await filesOfQuery(query);
    const sizes = await Promise.all(files.map(async (file) => (await checkedFile(file)).size));
    const size = sizes.reduce((sum, each) => sum + each, 0);
    const database = await Database.open({ files, folders, memory, threads, onDisk: isLarge(size, memory) });
    const name = "the query's answer";
    try {
      await nameView(database, `(${statementOf(query)})`, settings).catch((error: unknown) => {
        if (!(error instanceof QueryError)) throw error;
        fail(
          `DuckDB refuses the query: ${error.message}`,
          "SQL of DuckDB over files, such as SELECT * FROM 'data.csv'",
        );
      });
      await database.lock();
      const described = await explained(name, () => database.rows("DESCRIBE data"));
      const columns = described.map((row) => columnOf(String(row["column_name"]), String(row["column_type"])));
      return new Table(name, columns, database, undefined, size);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Rows, where they have been counted. */
  get length(): number | undefined {
    return this.count;
  }

  /** Counts the rows: at once for Parquet, by a pass over the file for CSV and JSON. */
  async rows(): Promise<number> {
    if (this.count === undefined) {
      const [row] = await this.query(`SELECT count(*)::DOUBLE AS n FROM ${this.from}`);
      this.count = Number(row?.["n"]);
    }
    return this.count;
  }

  /**
   * The rows that a query gives, all at once: for statistics and other small answers. In it the table is called `data`.
   *
   * @throws DescentError for what DuckDB refuses, on one line.
   */
  query(sql: string): Promise<Record<string, unknown>[]> {
    return explained(this.name, () => this.database.rows(sql));
  }

  /**
   * The rows as a dataset that is read piece by piece, a column each; the columns' kinds tell what stands in them ({@link TableColumn}). The
   * order is that of the files, or of the query's ORDER BY. What `columns` of it leaves out is not read.
   *
   * @param names the columns to read; default all.
   */
  dataset(names: readonly string[] = this.columns.map(({ name }) => name)): Dataset {
    const flow = this.flow(
      `columns ${names.join(", ")}`,
      names.map((name) => [name, [this.column(name)], false]),
    );
    return new Dataset(flow, (columns) => this.arranged(columns, names));
  }

  /** Columns side by side, put together while they are read. */
  private arranged(columns: Columns, names: readonly string[]): Flow {
    const outputs = outputsOf(
      columns,
      names.map((name) => this.column(name)),
    );
    return this.flow(`columns ${wordsOf(columns)}`, outputs);
  }

  private column(name: string): TableColumn {
    const names = this.columns.map((column) => column.name);
    return this.columns[names.indexOf(name)] ?? unknownName("column", name, names);
  }

  /**
   * What a query over the table gives, as a table of its own, which may be read piece by piece. It lives as long as this one.
   *
   * @throws DescentError for what DuckDB refuses, on one line.
   */
  async derive(sql: string): Promise<Table> {
    const described = await explained(this.name, () => this.database.rows(`DESCRIBE ${sql}`));
    const columns = described.map((row) => columnOf(String(row["column_name"]), String(row["column_type"])));
    return new Table(this.name, columns, this.database, undefined, this.size, this.charsets, `(${sql})`);
  }

  /**
   * The same samples; the first pass keeps them in a file, which later passes read: much faster than DuckDB, and what was computed of the samples is not
   * computed again. The file is removed when this table is closed.
   *
   * @param dataset samples made of this table.
   * @param rowBytes bytes of a sample, about.
   * @param count how many they are.
   * @returns the dataset itself where the temporary folder's disk has no room for them twice.
   */
  async keep(dataset: Dataset, rowBytes: number, count: number): Promise<Dataset> {
    const folder = this.database.spill;
    const { bavail, bsize } = await statfs(dirname(folder));
    if (bavail * bsize < 2 * rowBytes * count) return dataset;
    const batches = batchFlow(dataset.flow, Math.max(1, Math.floor(KEPT_BYTES / rowBytes)), false);
    return new Dataset(cacheFlow(batches, () => passingStore(folder), false));
  }

  /** Lets go of DuckDB. Datasets of the table can no longer be read. */
  close(): Promise<void> {
    return this.database.close();
  }

  private flow(words: string, outputs: readonly Output[]): Flow {
    const table = this;
    const values = outputs.flatMap(([, parts, isMatrix]) =>
      parts.map((column) => columnSql(column, isMatrix ? "FLOAT" : "DOUBLE")),
    );
    const sql = `SELECT ${values.map((value, i) => `${value} AS c${i}`).join(", ")} FROM ${this.from}`;
    return {
      description: `${words} of ${this.name}`,
      get length() {
        return table.count;
      },
      batchSize: undefined,
      open(_, position) {
        let { at = 0 } = (position ?? {}) as { at?: number };
        const query = at > 0 ? `${sql} OFFSET ${at}` : sql;
        const isLong = table.count === undefined ? table.size >= MANY_BYTES : table.count - at >= MANY_ROWS;
        const setup = isLong && fitsThread(outputs) ? table.database.setup() : undefined;
        if (setup) {
          const thread = new ReadingThread(setup, query, outputs);
          return {
            async next() {
              const batch = await explained(table.name, () => thread.next());
              if (batch) at += rowsOf(batch);
              else table.count ??= at;
              return batch;
            },
            position: () => ({ at }),
            reuse: (batch) => thread.reuse(batch),
            close: () => thread.close(),
          };
        }
        const reader = table.database.stream(query);
        const pieces = new Pieces(outputs);
        return {
          async next() {
            const batch = await explained(table.name, () => pieces.next(reader));
            if (batch) at += pieces.taken;
            else table.count ??= at;
            return batch;
          },
          position: () => ({ at }),
          reuse: (batch) => pieces.reuse(batch),
          close: async () => reader.close(),
        };
      },
    };
  }
}

/** Whether what is made of files of so many bytes may have no room in so many megabytes: compressed, they hold several times as much. */
function isLarge(bytes: number, megabytes: number): boolean {
  return 8 * bytes > megabytes * 2 ** 20;
}

/**
 * CSV files as DuckDB reads them: what is not UTF-8, or whose lines end in two ways, is written again into a folder; and what separates their values,
 * where that is certain.
 */
async function asUtf8(
  paths: readonly string[],
  settings: TableSettings,
  folder: string,
): Promise<{ paths: readonly string[]; settings: TableSettings; charsets: readonly string[] }> {
  const found = await Promise.all(paths.map((path) => writingOf(path, settings.charset)));
  const written = [...paths];
  for (const [i, { charset, head }] of found.entries()) {
    if (charset === "utf-8" && !hasMixedEnds(head)) continue;
    await mkdir(folder, { mode: 0o700, recursive: true });
    const target = join(folder, `${i}-${basename(paths[i] as string).replace(/\.gz$/i, "")}`);
    try {
      await writeUtf8(paths[i] as string, charset, target);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    written[i] = target;
  }
  const signs = new Set(found.map(({ head }) => delimiterOf(head)));
  const [delimiter] = signs.size === 1 ? signs : [];
  const charsets = [...new Set(found.map(({ charset }) => charset))];
  return { paths: written, settings: { ...settings, delimiter: settings.delimiter ?? delimiter }, charsets };
}

async function checkedFile(file: string): Promise<{ path: string; size: number }> {
  if (/^[a-z]+:\/\//i.test(file)) {
    fail(`openTable got ${file}`, "a file on this machine", "download it first: tables are not read from the network");
  }
  const path = resolve(file);
  const facts = await stat(path).catch(() => undefined);
  if (!facts) fail(`there is no file ${file}`, "a table's file");
  if (!facts.isFile()) fail(`${file} is no file`, "a table's file, or a list of them");
  if (facts.size === 0) fail(`${file} is empty`, "a table's file");
  return { path, size: facts.size };
}

function formatOf(path: string): Format {
  const found = (Object.keys(FORMATS) as Format[]).find((format) =>
    FORMATS[format].some((ending) => path.toLowerCase().endsWith(`.${ending}`)),
  );
  if (!found && /\.(arrow|feather|ipc)$/i.test(path))
    fail(`openTable got ${path}`, "a table that DuckDB reads", "fromArrow reads it");
  if (/\.(xlsx?|xlsm|ods|numbers)$/i.test(path))
    fail(`${path} is a workbook`, "a table that DuckDB reads", "save its sheet as CSV");
  return found ?? fail(`${path} has no ending that tells what it is`, Object.values(FORMATS).flat().join(", "));
}

/** Calls the files `data`, or what the query makes of them. */
async function makeView(
  database: Database,
  name: string,
  format: Format,
  paths: readonly string[],
  settings: TableSettings,
): Promise<void> {
  const list = `[${paths.map((path) => quoteText(withoutPatterns(path))).join(", ")}]`;
  let options = format === "csv" ? csvOptions(paths, settings) : "";
  const from: Record<Exclude<Format, "duckdb">, () => string> = {
    csv: () => `read_csv(${list}, ${options})`,
    json: () => `read_json(${list}, maximum_object_size = 67108864)`,
    parquet: () => `read_parquet(${list})`,
  };
  await explained(name, async () => {
    const found =
      format === "csv" && paths.length === 1
        ? await sniffed(database, paths[0] as string, options, settings)
        : undefined;
    if (format === "csv" && !found) {
      const quotes = await quotesOf(database, paths[0] as string, options);
      options = [options, quotes].filter(Boolean).join(", ");
    }
    const source = found ?? (format === "duckdb" ? await attached(database, paths, settings) : from[format]());
    await nameView(database, source, settings).catch(async (error: Error) => {
      const { delimiter } = settings;
      if (format === "csv" && delimiter !== undefined && /sniffing/.test(error.message))
        await refuseUneven(name, paths[0] as string, delimiter);
      throw error;
    });
  });
}

/** Calls what stands in SQL `data`, or what the option sql makes of it. */
async function nameView(database: Database, source: string, { sql }: TableSettings): Promise<void> {
  if (sql === undefined) return database.run(`CREATE VIEW data AS SELECT * FROM ${source}`);
  await database.run("CREATE SCHEMA source");
  await database.run(`CREATE VIEW source.data AS SELECT * FROM ${source}`);
  // The query's own `data` is the files; everybody else's is its answer.
  await database.run(`CREATE VIEW main.data AS WITH data AS (FROM source.data) SELECT * FROM (${sql})`);
}

function csvOptions(paths: readonly string[], { header, names, delimiter, missing, text }: TableSettings): string {
  const texts = (list: readonly string[]) => `[${list.map(quoteText).join(", ")}]`;
  const tabs = delimiter === undefined && paths.every((path) => /\.tsv(\.gz)?$/i.test(path));
  const options = {
    nullstr: texts(missing),
    header,
    names: names && texts(names),
    delim: tabs ? "'\t'" : delimiter && quoteText(delimiter),
    all_varchar: text,
  };
  return Object.entries(options)
    .flatMap(([option, value]) => (value === undefined ? [] : [`${option} = ${value}`]))
    .join(", ");
}

/** The table of a database file. */
async function attached(database: Database, paths: readonly string[], { table }: TableSettings): Promise<string> {
  if (paths.length > 1) fail("openTable got several databases", "one");
  await database.run(`ATTACH ${quoteText(paths[0] as string)} AS file (READ_ONLY)`);
  const rows = await database.rows("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'file'");
  const names = rows.map((row) => String(row["table_name"]));
  if (table === undefined && names.length !== 1) {
    fail(`the database has the tables ${names.join(", ") || "(none)"}`, "the option table, which names one of them");
  }
  const index = table === undefined ? 0 : names.indexOf(table);
  if (index < 0) unknownName("table", table as string, names);
  return `file.${quoteName(String(rows[index]?.["schema_name"]))}.${quoteName(names[index] as string)}`;
}

/** Lets errors of DuckDB name the table. */
async function explained<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    if (/invalid unicode|not utf-8/i.test(error.message))
      fail(`${name} is not UTF-8 throughout`, "letters of one kind", 'the option charset: "windows-1252" (--charset)');
    return fail(`${name} cannot be read: ${error.message}`, "a whole table, and a query that fits it");
  }
}
