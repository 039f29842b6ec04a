import { fail, show } from "../util/index.ts";
import { numbersWidth } from "./encode.ts";
import type { Recipe } from "./recipe.ts";
import { targetWidth } from "./target.ts";

/** Megabytes that Node, the engine and the network take: DuckDB gets half of what remains. */
const PROGRAM = 200;

/** Megabytes that a training needs, of which the parts have none. */
const LEAST = 512;

/** Megabytes below which DuckDB works on one thread, as each needs some 125 of its own. */
const SEVERAL_THREADS = 256;

/** What the memory of a training from a table, or of a model's use on one, is given to, in megabytes. */
export interface Budget {
  readonly total: number;
  /** DuckDB's, which writes to disk what needs more. */
  readonly database: number;
  /** Threads of DuckDB; undefined for one per processor. */
  readonly threads: number | undefined;
  /** The parts', while they are put together; parts that need more are streamed. */
  readonly parts: number;
  /** That of the scores that an evaluation has to keep. */
  readonly scores: number;
}

/**
 * Shares memory out: 200 MB are for Node, the engine and the network; DuckDB gets half of the rest, the parts half of what is beyond 512 MB.
 *
 * Where a model is only used there are no parts, and an eighth of the rest is for scores: readers of several files take more than DuckDB counts.
 *
 * @param memory megabytes, 512 or more; default half of the machine's, or of what its container may take.
 */
export async function budgetOf(who: string, memory?: number): Promise<Budget> {
  if (memory !== undefined && !(Number.isSafeInteger(memory) && memory >= LEAST))
    fail(`${who}: memory is ${show(memory)}`, `megabytes, ${LEAST} or more`);
  const total = memory ?? Math.max(1024, Math.floor((await machineMegabytes()) / 2));
  const database = Math.floor((total - PROGRAM) / 2);
  const threads = database < SEVERAL_THREADS ? 1 : undefined;
  return {
    total,
    database,
    threads,
    parts: Math.floor((total - LEAST) / 2),
    scores: Math.floor((total - PROGRAM) / 8),
  };
}

/** Tells of a table that DuckDB has too little memory for. */
export function explainMemory(error: unknown, file: string, { total }: Budget): never {
  if (error instanceof Error && /Out of Memory Error/.test(error.message))
    fail(
      `${file} needs more memory than ${total} MB leave for DuckDB`,
      "more of it",
      "the option memory (--memory 2GB)",
    );
  throw error;
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
