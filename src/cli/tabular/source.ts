import { stat } from "node:fs/promises";

/** Endings of files that can only be tables; .json is one with --target. */
const ENDINGS = /\.(csv|tsv|txt|data|jsonl|ndjson|parquet|pq|duckdb|db)(\.gz)?$/i;

/** Whether `descent train` was given a table, and not a config. */
export function isTable(source: string, target: readonly string[] | undefined): boolean {
  return target !== undefined || ENDINGS.test(source) || /^\s*(select|from|with)\s/i.test(source);
}

/** Whether it was given a folder, which is one of images; one whose name ends as a config's is a mistake. */
export async function isFolder(source: string): Promise<boolean> {
  if (/\.(json|m?[tj]s)$/i.test(source)) return false;
  return (await stat(source).catch(() => undefined))?.isDirectory() ?? false;
}
