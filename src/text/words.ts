import { checkOptions, fail, show } from "../util/index.ts";
import { checkFilled, checkText, checkTokens, checkVocabulary } from "./checks.ts";
import type { Tokenizer, TokenizerJSON } from "./tokenizer.ts";

export interface WordTokenizerOptions {
  /** Tokens at most, 0 (padding) and 1 (unknown) among them; default 10000. */
  size?: number;
  /** Take "The" and "the" for one word; default true. */
  lowercase?: boolean;
}

const PADDING = "";
const UNKNOWN = "<unknown>";

/** Words (with their apostrophes and accents), and every other mark by itself. */
const WORDS = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|[^\s\p{L}\p{M}\p{N}]/gu;

/**
 * One token for each of the most frequent words of `text`, the most frequent first; 0 is padding, 1 any other word. Decoding puts
 * spaces between words.
 *
 * @throws DescentError for an empty text.
 * @example
 * const words = wordTokenizer("to be or not to be");
 * words.encode("to be is to do"); // {"0":2,"1":3,"2":1,"3":2,"4":1}
 */
export function wordTokenizer(text: string, options: WordTokenizerOptions = {}): Tokenizer {
  checkFilled("wordTokenizer", text);
  checkOptions("wordTokenizer", options, ["size", "lowercase"]);
  const { size = 10000, lowercase = true } = options;
  if (!Number.isInteger(size) || size < 3) fail(`wordTokenizer got size = ${show(size)}`, "an integer from 3");
  const counts = new Map<string, number>();
  for (const word of wordsOf(text, lowercase)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, size - 2); // of equals the one that came first
  return wordsTokenizer([PADDING, UNKNOWN, ...frequent.map(([word]) => word)], lowercase);
}

export function wordsFromJSON(json: TokenizerJSON): Tokenizer {
  checkOptions("a tokenizer of words", json, ["kind", "vocabulary", "lowercase"]);
  return wordsTokenizer(checkVocabulary("a tokenizer of words", json["vocabulary"]), json["lowercase"] === true);
}

function wordsTokenizer(vocabulary: readonly string[], lowercase: boolean): Tokenizer {
  const numbers = new Map(vocabulary.map((word, i) => [word, i]));
  return {
    kind: "words",
    size: vocabulary.length,
    encode(text) {
      checkText("encode", text);
      return Int32Array.from(wordsOf(text, lowercase), (word) => numbers.get(word) ?? 1);
    },
    decode(tokens) {
      checkTokens("decode", tokens, vocabulary.length);
      const words = Array.from(tokens).filter((token) => token !== 0);
      return words.map((token) => vocabulary[token]).join(" ");
    },
    toJSON: () => ({ kind: "words", vocabulary, lowercase }),
  };
}

function wordsOf(text: string, lowercase: boolean): string[] {
  return (lowercase ? text.toLowerCase() : text).match(WORDS) ?? [];
}
