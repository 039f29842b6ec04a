import { stat } from "node:fs/promises";

/** Endings of files that can only be tables; .json is one with --target. */
const ENDINGS = /\.(csv|tsv|txt|data|jsonl|ndjson|parquet|pq|duckdb|db)(\.gz)?$/i;

/** Whether `descent train` was given a table, and not a config. */
export function isTable(source: string, target: readonly string[] | undefined): boolean {
  return target !== undefined || ENDINGS.test(source) || /^\s*(select|from|with)\s/i.test(source);
}

/** Whether it was given a folder, which is one of images. */
export async function isFolder(source: string): Promise<boolean> {
  return (await stat(source).catch(() => undefined))?.isDirectory() ?? false;
}
