import { readFile, stat } from "node:fs/promises";
import type { Database } from "./duckdb.ts";
import type { TableSettings } from "./options.ts";
import { quoteText, withoutPatterns } from "./sql.ts";

/** What DuckDB finds out of a CSV file by looking at its first rows. */
type Found = Record<string, unknown>;

/** Values in quotes, where the first rows have none: most writers quote only what must be, and that may come far down. */
const QUOTES = `quote = '"', escape = '"'`;

/**
 * A CSV file with all that DuckDB finds out of it by looking: else it looks again whenever the view is named, seconds for thousands of columns.
 * Undefined where it finds nothing; reading then says what is wrong.
 */
export async function sniffed(
  database: Database,
  path: string,
  options: string,
  { missing }: TableSettings,
): Promise<string | undefined> {
  const file = quoteText(withoutPatterns(path));
  const found = await look(database, path, options);
  if (!found || !["\\n", "\\r", "\\r\\n"].includes(String(found["NewLineDelimiter"]))) return undefined;
  const columns = JSON.parse(String(found["Columns"])) as readonly { name: string; type: string }[];
  const sign = (name: string) => quoteText(found[name] === "(empty)" ? "" : String(found[name]));
  const known: Record<string, string> = {
    auto_detect: "false",
    delim: sign("Delimiter"),
    quote: sign("Quote"),
    escape: sign("Escape"),
    comment: sign("Comment"),
    new_line: sign("NewLineDelimiter"),
    skip: String(found["SkipRows"]),
    header: String(found["HasHeader"]),
    columns: `{${columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(", ")}}`,
    nullstr: `[${missing.map(quoteText).join(", ")}]`,
  };
  if (found["DateFormat"] !== null) known["dateformat"] = sign("DateFormat");
  if (found["TimestampFormat"] !== null) known["timestampformat"] = sign("TimestampFormat");
  return `read_csv(${file}, ${Object.entries(known)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ")})`;
}

/** Options by which several files are read as their first one is quoted; DuckDB finds out the rest. */
export async function quotesOf(database: Database, path: string, options: string): Promise<string> {
  const found = await look(database, path, options);
  return found?.["Quote"] === '"' ? QUOTES : "";
}

/** Bytes of a file that is read for a look at its signs. */
const QUICKLY_READ = 1 << 26;

async function look(database: Database, path: string, options: string): Promise<Found | undefined> {
  const file = quoteText(withoutPatterns(path));
  const sniff = async (more: string): Promise<Found | undefined> => {
    const all = [options, more].filter(Boolean).join(", ");
    // Not its own "Prompt", which leaves quotes in names as they are: a file could write SQL.
    const [found] = await database
      .rows(`SELECT * REPLACE (to_json("Columns")::VARCHAR AS "Columns") FROM sniff_csv(${file}, ${all})`)
      .catch(() => []);
    return found;
  };
  // Of thousands of columns, each look takes seconds. Where nothing is quoted, what signs might quote needs no guess.
  if (await isBare(path)) return sniff(QUOTES);
  const found = await sniff("");
  if (found?.["Quote"] !== "(empty)") return found;
  const quoted = await sniff(QUOTES);
  return quoted?.["Columns"] === found["Columns"] ? quoted : found;
}

/** Whether a file, which is no large one, has no sign that could quote. */
async function isBare(path: string): Promise<boolean> {
  const { size } = await stat(path);
  if (size > QUICKLY_READ || /\.(gz|zst)$/i.test(path)) return false;
  const bytes = await readFile(path);
  return !bytes.includes('"') && !bytes.includes("'");
}
