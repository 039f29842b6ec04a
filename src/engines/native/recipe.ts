import type { TypedArray } from "../../ir/index.ts";
import type { KernelBuffer } from "../../passes/index.ts";

/** All that is needed of a compiled program beside its library: how much memory, and what lies where. */
export interface Recipe {
  /** The library's key in the cache. */
  readonly library: string;
  readonly buffers: readonly KernelBuffer[];
  readonly arenaBytes: number;
  readonly liveBytes: number;
  /** Bytes of working memory of each worker, and of memory they share. */
  readonly scratchBytes: number;
  readonly sharedBytes: number;
  /** Rough number of elementary operations of one run. */
  readonly work: number;
  readonly kernels: number;
  readonly functions: number;
}

interface Record extends Recipe {
  /** For each array of the compiled program's data, its number among the arrays of the graph. */
  readonly data: readonly number[];
}

/** A recipe as text, for the cache; undefined when the program's data are not all data of the graph. */
export function writeRecipe(recipe: Recipe, data: readonly TypedArray[], graph: readonly TypedArray[]) {
  const numbers = data.map((array) => graph.indexOf(array));
  if (numbers.includes(-1)) return undefined;
  return JSON.stringify({ ...recipe, data: numbers } satisfies Record);
}

/** The recipe that {@link writeRecipe} wrote, for a graph with these data. */
export function readRecipe(text: string, graph: readonly TypedArray[]) {
  const { data, ...recipe } = JSON.parse(text) as Record;
  return { recipe: recipe as Recipe, data: data.map((number) => graph[number]!) };
}
