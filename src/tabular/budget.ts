import { fail, show } from "../util/index.ts";
import { numbersWidth } from "./encode.ts";
import type { Recipe } from "./recipe.ts";
import { targetWidth } from "./target.ts";

/** Megabytes that Node, the engine and the network take: what remains is shared by DuckDB and the parts. */
const PROGRAM = 200;

/** Megabytes with which DuckDB still works, on disk. */
const LEAST_DATABASE = 100;

/** What the memory of a training from a table is given to, in megabytes. */
export interface Budget {
  readonly total: number;
  /** DuckDB's, which writes to disk what needs more. */
  readonly database: number;
  /** The parts', while they are put together; parts that need more are read anew in every epoch. */
  readonly parts: number;
}

/**
 * Shares memory out: 200 MB are for Node, the engine and the network; DuckDB and the parts get half of the rest each.
 *
 * @param memory megabytes; default half of the machine's, or of what its container may take.
 */
export async function budgetOf(memory?: number): Promise<Budget> {
  if (memory !== undefined && !(Number.isSafeInteger(memory) && memory >= PROGRAM))
    fail(`prepareTable: memory is ${show(memory)}`, `megabytes, ${PROGRAM} or more`);
  const total = memory ?? Math.max(1024, Math.floor((await machineMegabytes()) / 2));
  const half = Math.floor((total - PROGRAM) / 2);
  return { total, database: Math.max(LEAST_DATABASE, half), parts: half };
}

async function machineMegabytes(): Promise<number> {
  const { totalmem } = await import("node:os");
  const allowed = process.constrainedMemory?.() ?? 0;
  const bytes = allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
  return bytes / 2 ** 20;
}

/** Bytes of a row that is ready for a training; a text takes some 48 besides its place in a list. */
export function rowBytes(recipe: Recipe): number {
  const texts = recipe.columns.filter(({ input }) => input !== "numbers");
  const words = texts.map(({ feature }) => (feature.kind === "words" ? 16 * feature.length : 0) + 56);
  return 4 * (numbersWidth(recipe) + targetWidth(recipe.target)) + words.reduce((sum, bytes) => sum + bytes, 8);
}
