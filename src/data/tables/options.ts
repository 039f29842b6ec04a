import { checkOptions, fail, show } from "../../util/index.ts";

/** How a table is read. */
export interface TableOptions {
  /** Whether the first line of a CSV file names the columns; default: as its contents suggest. */
  readonly header?: boolean | undefined;
  /** Names of the columns of a CSV file, for one without a header or with another. Default: those in the file. */
  readonly names?: readonly string[] | undefined;
  /** What separates the values of a CSV file, such as ";"; default: as its contents suggest. */
  readonly delimiter?: string | undefined;
  /**
   * How the letters of a CSV file are written, as the Encoding Standard names it: "windows-1252", "utf-16le", "shift_jis"; default: as its bytes
   * suggest, UTF-8, UTF-16 or windows-1252. What is not UTF-8 is written again as such, to a temporary file.
   */
  readonly charset?: string | undefined;
  /** Words that stand for "no value" in a CSV file. Default: "", "?", "NA", "N/A", "n/a", "NaN", "nan", "null" and "NULL". */
  readonly missing?: readonly string[] | undefined;
  /** Leave every value of a CSV file the text that it is; default false: types are inferred from the first 20,480 rows, and must hold for all. */
  readonly text?: boolean | undefined;
  /** A query over the table, which it calls `data`: its answer is the table. Default "SELECT * FROM data". */
  readonly sql?: string | undefined;
  /** The table of a DuckDB database file; default the only one that it has. */
  readonly table?: string | undefined;
  /** Megabytes that DuckDB may take; what needs more goes to a temporary folder. Default 512. */
  readonly memory?: number | undefined;
  /** Threads of DuckDB. Default one per processor. */
  readonly threads?: number | undefined;
}

/** pandas's words for missing values that no category is likely to be called, and "?" of the UCI repository. */
const MISSING = ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL"];

export interface TableSettings extends TableOptions {
  readonly missing: readonly string[];
  readonly memory: number;
}

/** @throws DescentError for unknown options and values that cannot be. */
export function tableSettings(where: string, options: TableOptions): TableSettings {
  const texts = ["delimiter", "charset", "sql", "table"] as const;
  const flags = ["header", "text"] as const;
  const lists = ["names", "missing"] as const;
  const counts = ["memory", "threads"] as const;
  checkOptions(where, options, [...texts, ...flags, ...lists, ...counts]);
  const bad = (name: keyof TableOptions, expected: string) =>
    fail(`${where}: ${name} is ${show(options[name])}`, expected);
  for (const name of texts) {
    if (options[name] !== undefined && typeof options[name] !== "string") bad(name, "a text");
  }
  for (const name of flags) {
    if (options[name] !== undefined && typeof options[name] !== "boolean") bad(name, "true or false");
  }
  for (const name of lists) {
    const list: unknown = options[name];
    if (list !== undefined && !(Array.isArray(list) && list.every((word) => typeof word === "string"))) {
      bad(name, "a list of texts");
    }
  }
  for (const name of counts) {
    const count = options[name];
    if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) bad(name, "a whole number of at least 1");
  }
  return { ...options, missing: options.missing ?? MISSING, memory: options.memory ?? 512 };
}
