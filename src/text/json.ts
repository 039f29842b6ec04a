import { fail, unknownName } from "../util/index.ts";
import { bytePairsFromJSON } from "./byte-pairs.ts";
import { charactersFromJSON } from "./characters.ts";
import type { Tokenizer, TokenizerJSON } from "./tokenizer.ts";
import { wordsFromJSON } from "./words.ts";

const KINDS: Readonly<Record<string, (json: TokenizerJSON) => Tokenizer>> = {
  characters: charactersFromJSON,
  words: wordsFromJSON,
  bytePairs: bytePairsFromJSON,
};

/**
 * The tokenizer that `toJSON` wrote down, such as a saved model's `facts.preprocessing`.
 *
 * @throws DescentError for anything else.
 * @example
 * const saved = JSON.stringify(characterTokenizer("abc"));
 * tokenizerFromJSON(JSON.parse(saved)).size; // 3
 */
export function tokenizerFromJSON(json: unknown): Tokenizer {
  const { kind } = (json ?? {}) as Partial<TokenizerJSON>;
  if (typeof kind !== "string") fail("this is no tokenizer", "what tokenizer.toJSON() gave");
  const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  return make ? make(json as TokenizerJSON) : unknownName("tokenizer", kind, Object.keys(KINDS));
}
