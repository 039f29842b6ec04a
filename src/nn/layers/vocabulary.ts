import { fail, show } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import { type CategoryOutput, checkOutputMode } from "./category-output.ts";

/** Options of layers that look up a vocabulary. */
export interface LookupOptions {
  /** Places at most, those for unknown tokens and the mask included, when `adapt` makes the vocabulary; default no limit (Keras). */
  maxTokens?: number;
  /** Places for unknown tokens; default 1 (Keras). 0: they get -1, which no other output mode shows. */
  numOovIndices?: number;
}

/** @throws DescentError for options that make no lookup. */
export function checkLookup(
  kind: string,
  options: LookupOptions & { readonly vocabulary?: readonly unknown[] },
  outputMode: CategoryOutput,
  isToken: (token: unknown) => boolean,
  tokens: string,
): void {
  const { vocabulary, maxTokens, numOovIndices = 1 } = options;
  checkOutputMode(kind, outputMode);
  if (maxTokens !== undefined) checkCount(kind, "maxTokens", maxTokens);
  if (!Number.isInteger(numOovIndices) || numOovIndices < 0) {
    fail(`${kind} got numOovIndices = ${show(numOovIndices)}`, "0 or a positive integer");
  }
  if (vocabulary === undefined) return;
  const list: unknown = vocabulary;
  const right = Array.isArray(list) && list.length > 0 && list.every(isToken) && new Set(list).size === list.length;
  if (!right) fail(`${kind} got vocabulary = ${show(vocabulary)}`, tokens);
}

/** Tokens that a vocabulary may hold. */
export function roomFor({ maxTokens, numOovIndices = 1 }: LookupOptions, mask: number): number {
  return maxTokens === undefined ? Number.POSITIVE_INFINITY : maxTokens - numOovIndices - mask;
}

/** The most frequent tokens, those of one count in the given order. */
export function mostFrequent<T>(counts: ReadonlyMap<T, number>, room: number, order: (a: T, b: T) => number): T[] {
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || order(a, b)).map(([token]) => token);
  return Number.isFinite(room) ? sorted.slice(0, Math.max(1, room)) : sorted;
}
