import type { DataTable } from "../data/index.ts";
import { wordsOf } from "./encode.ts";
import type { WordsFeature } from "./recipe.ts";
import type { Finding } from "./types.ts";
import { many } from "./words.ts";

/** Words of a text that are looked at, from its beginning. */
const LENGTH = 24;

/** Bins of hashed words; a vocabulary has no more words. */
const BINS = 256;

/** Rows that a word needs at least: what fewer tell of it is chance. */
const LEAST_ROWS = 20;

/** Rows by which words are counted; they lie in an order of chance. */
const COUNTED = 50_000;

/**
 * Texts by their words: by those that 20 rows of the training part have, where these are 256 or fewer. In a small table, most words stand in so few rows
 * that hidden layers learn the rows by them. Where more are frequent, by the hashes of all.
 */
export async function fitWords(
  table: DataTable,
  id: string,
  name: string,
): Promise<{ feature: WordsFeature | undefined; findings: Finding[] }> {
  const rows = await table.query(
    `SELECT ${id} AS text FROM rows WHERE part = 0 AND ${id} IS NOT NULL LIMIT ${COUNTED}`,
  );
  const counts = new Map<string, number>();
  for (const { text } of rows)
    for (const word of new Set(wordsOf(String(text), LENGTH))) counts.set(word, (counts.get(word) ?? 0) + 1);
  counts.delete("");
  const vocabulary = [...counts].flatMap(([word, n]) => (n >= LEAST_ROWS ? [word] : [])).sort();
  if (vocabulary.length > BINS) return { feature: { kind: "words", bins: BINS, length: LENGTH }, findings: [] };
  if (vocabulary.length === 0) {
    const text = `left out: none of its ${many(counts.size, "word")} stands in ${LEAST_ROWS} rows`;
    return { feature: undefined, findings: [{ kind: "cleaned", column: name, text }] };
  }
  const text = `${many(vocabulary.length, "word")} of ${counts.size.toLocaleString("en-US")}: those that stand in ${LEAST_ROWS} rows or more`;
  return {
    feature: { kind: "words", vocabulary, bins: vocabulary.length, length: LENGTH },
    findings: [{ kind: "cleaned", column: name, text }],
  };
}
