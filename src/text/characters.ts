import { checkOptions, fail, show } from "../util/index.ts";
import { checkFilled, checkText, checkTokens, checkVocabulary } from "./checks.ts";
import type { Tokenizer, TokenizerJSON } from "./tokenizer.ts";

/**
 * One token for each character (code point) that occurs in `text`, numbered in the order of their code points, as nanoGPT's.
 *
 * @throws DescentError for an empty text; `encode` for a character that did not occur in it.
 * @example
 * const letters = characterTokenizer("hello");
 * letters.encode("hole"); // {"0":1,"1":3,"2":2,"3":0}
 */
export function characterTokenizer(text: string): Tokenizer {
  checkFilled("characterTokenizer", text);
  return charactersOf([...new Set(text)].sort(byCodePoint));
}

export function charactersFromJSON(json: TokenizerJSON): Tokenizer {
  checkOptions("a tokenizer of characters", json, ["kind", "vocabulary"]);
  return charactersOf(checkVocabulary("a tokenizer of characters", json["vocabulary"]));
}

function charactersOf(vocabulary: readonly string[]): Tokenizer {
  const numbers = new Map(vocabulary.map((character, i) => [character, i]));
  return {
    kind: "characters",
    size: vocabulary.length,
    encode(text) {
      checkText("encode", text);
      const tokens: number[] = [];
      for (const character of text) {
        const token = numbers.get(character);
        if (token === undefined) {
          fail(
            `encode: character ${tokens.length} is ${show(character)}`,
            `one of the ${vocabulary.length} characters that the tokenizer was made of`,
            "make it of a text with all characters, or use bytePairTokenizer, which knows every one",
          );
        }
        tokens.push(token);
      }
      return Int32Array.from(tokens);
    },
    decode(tokens) {
      checkTokens("decode", tokens, vocabulary.length);
      return Array.from(tokens, (token) => vocabulary[token]).join("");
    },
    toJSON: () => ({ kind: "characters", vocabulary }),
  };
}

function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0);
}
