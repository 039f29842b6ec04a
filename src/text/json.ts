import { fail, unknownName } from "../util/index.ts";
import { bytePairsFromJSON } from "./byte-pairs.ts";
import { charactersFromJSON } from "./characters.ts";
import { HUGGING_FACE, huggingFaceFromJSON } from "./huggingface.ts";
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
 * @throws DescentError for anything else, and for Hugging Face's, which {@link loadTokenizer} makes.
 * @example
 * const saved = JSON.stringify(characterTokenizer("abc"));
 * tokenizerFromJSON(JSON.parse(saved)).size; // 3
 */
export function tokenizerFromJSON(json: unknown): Tokenizer {
  const { kind } = (json ?? {}) as Partial<TokenizerJSON>;
  if (typeof kind !== "string") fail("this is no tokenizer", "what tokenizer.toJSON() gave");
  if (kind === HUGGING_FACE) {
    fail(
      "a Hugging Face tokenizer needs its package loaded",
      "one of ours",
      "await loadTokenizer(json), which loads it",
    );
  }
  const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  return make ? make(json as TokenizerJSON) : unknownName("tokenizer", kind, Object.keys(KINDS));
}

/**
 * The same for every tokenizer, Hugging Face's too, whose package is loaded then.
 *
 * @throws DescentError as {@link tokenizerFromJSON}, and when the package is not installed.
 * @example
 * const saved = JSON.stringify(characterTokenizer("abc"));
 * (await loadTokenizer(JSON.parse(saved))).size; // 3
 */
export async function loadTokenizer(json: unknown): Promise<Tokenizer> {
  const { kind } = (json ?? {}) as Partial<TokenizerJSON>;
  return kind === HUGGING_FACE ? huggingFaceFromJSON(json as TokenizerJSON) : tokenizerFromJSON(json);
}
