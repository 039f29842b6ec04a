import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { isQuery } from "../../data/index.ts";
import { requireFile } from "../data/files.ts";
import { EXIT, refuse } from "../exit.ts";

/** Endings of files that can only be tables; .json is one with --target. */
const ENDINGS = /\.(csv|tsv|txt|data|jsonl|ndjson|parquet|pq|duckdb|db)(\.gz)?$/i;

/** Whether `descent train` was given a table, and not a config. */
export function isTable(source: string, target: readonly string[] | undefined): boolean {
  return target !== undefined || ENDINGS.test(source) || isQuery(source);
}

/** Refuses what is neither a file nor a query. */
export async function requireTable(source: string): Promise<void> {
  const wanted = "a table: .csv, .tsv, .json, .jsonl, .parquet, .duckdb, or a query such as SELECT * FROM 'data.csv'";
  if (!isQuery(source)) await requireFile(source, EXIT.data, wanted);
}

/** Refuses what only models of tables take: a query, and a bound of memory. */
export function refuseTableUse(source: string, memory: number | undefined): void {
  if (isQuery(source)) refuse(EXIT.usage, "the model is none of tables", "a file for it, and no query");
  if (memory !== undefined)
    refuse(EXIT.usage, "the model is none of tables, whose data are read in pieces", "no --memory");
}

/** What a table is called: its file's name without the ending; a query by the first file that it names. */
export function tableName(source: string): string {
  const file = isQuery(source) ? (/'([^']+)'/.exec(source)?.[1] ?? "query") : source;
  return (
    basename(file)
      .replace(/(\.\w+)+$/, "")
      .replace(/[^\w.-]+/g, "_") || "query"
  );
}

/** Whether it was given a folder, which is one of images; one whose name ends as a config's is a mistake. */
export async function isFolder(source: string): Promise<boolean> {
  if (/\.(json|m?[tj]s)$/i.test(source)) return false;
  return (await stat(source).catch(() => undefined))?.isDirectory() ?? false;
}
