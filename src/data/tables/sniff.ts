import type { Database } from "./duckdb.ts";
import type { TableSettings } from "./options.ts";
import { quoteText, withoutPatterns } from "./sql.ts";

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
  // Not its own "Prompt", which leaves quotes in names as they are: a file could write SQL.
  const [found] = await database
    .rows(`SELECT * REPLACE (to_json("Columns")::VARCHAR AS "Columns") FROM sniff_csv(${file}, ${options})`)
    .catch(() => []);
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
