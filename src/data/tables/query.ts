import { dirname, resolve } from "node:path";
import { fail } from "../../util/index.ts";
import { Database } from "./duckdb.ts";
import { isQuery, quoteText } from "./sql.ts";

/** What a table may come from in a query: a file by its name, or what a function such as read_csv reads. */
const FILE = /\.(csv|tsv|txt|data|json|jsonl|ndjson|parquet|pq|duckdb|db)(\.gz)?$/i;

/** What DuckDB answers to a query that it is asked to take apart. */
interface Tree {
  readonly error?: boolean;
  readonly error_message?: string;
  readonly statements?: readonly unknown[];
}

/** A query as its one statement, without the semicolon at its end. */
export function statementOf(query: string): string {
  return query.trim().replace(/\s*;\s*$/, "");
}

/**
 * The files that a query reads: DuckDB tells how it understands the query, without looking at any of them.
 *
 * @returns full paths, and the folders of patterns such as 'year-*.parquet'.
 * @throws DescentError for what is no query, or several, on one line, and for files that are not there.
 */
export async function filesOfQuery(query: string): Promise<{ files: string[]; folders: string[] }> {
  if (!isQuery(query)) fail(`${query} is no query`, "SELECT, WITH or FROM at its beginning");
  const database = await Database.open({ files: undefined, memory: 100, threads: 1 });
  try {
    const [row] = await database.rows(`SELECT json_serialize_sql(${quoteText(statementOf(query))})::VARCHAR AS tree`);
    const tree = JSON.parse(String(row?.["tree"])) as Tree;
    if (tree.error_message?.startsWith("Only SELECT")) fail("the query does something else than to select", "a SELECT");
    if (tree.error) fail(`DuckDB cannot read the query: ${String(tree.error_message).split("\n")[0]}`, "SQL of DuckDB");
    if (tree.statements?.length !== 1) fail(`there are ${tree.statements?.length} queries`, "one");
    const [files, folders] = [new Set<string>(), new Set<string>()];
    for (const name of namesIn(tree)) {
      if (/^[a-z]\w+:\/\//i.test(name)) fail(`the query reads ${name}`, "a file on this machine", "download it first");
      const found = await database.rows(`SELECT file FROM glob(${quoteText(name)})`);
      if (found.length === 0 && FILE.test(name))
        fail(`there is no file ${name}, which the query reads`, "a table's file");
      for (const { file } of found) files.add(resolve(String(file)));
      const sign = name.search(/[*?[]/);
      if (found.length > 0 && sign >= 0) folders.add(resolve(dirname(`${name.slice(0, sign)}x`)));
    }
    return { files: [...files], folders: [...folders] };
  } finally {
    await database.close();
  }
}

/** Names of tables, and texts that functions are given that stand where tables do. */
function namesIn(tree: unknown, isRead = false): string[] {
  if (typeof tree !== "object" || tree === null) return [];
  const { type, table_name: table, value } = tree as { type?: unknown; table_name?: unknown; value?: unknown };
  const own = type === "BASE_TABLE" && typeof table === "string" ? [table] : [];
  if (isRead && type === "VALUE_CONSTANT") {
    const { value: text } = value as { value?: unknown };
    if (typeof text === "string" && text !== "") own.push(text);
  }
  const within = isRead || type === "TABLE_FUNCTION";
  return [...own, ...Object.values(tree).flatMap((each) => namesIn(each, within))];
}
