import { checkOptions, fail, show } from "../util/index.ts";
import { checkFilled, checkText, checkTokens } from "./checks.ts";
import { learnMerges, type Pair } from "./merges.ts";
import type { Tokenizer, TokenizerJSON } from "./tokenizer.ts";

export interface BytePairTokenizerOptions {
  /** Tokens at most: the 256 bytes and what they are merged to; default 1024. */
  size?: number;
}

/** GPT-2's cut into pieces, which merges never cross: contractions, words and numbers with the space before them, marks, spaces. */
const PIECES = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const BYTES = 256;

/**
 * Byte-pair encoding (Sennrich et al., 2016) over bytes (Radford et al., 2019): tokens 0 to 255 are bytes, every other one stands for
 * two before it that are often side by side in `text`. It can express every text.
 *
 * @throws DescentError for an empty text.
 * @example
 * const pieces = bytePairTokenizer("low lower lowest", { size: 260 });
 * pieces.decode(pieces.encode("slow")); // "slow"
 */
export function bytePairTokenizer(text: string, options: BytePairTokenizerOptions = {}): Tokenizer {
  checkFilled("bytePairTokenizer", text);
  checkOptions("bytePairTokenizer", options, ["size"]);
  const { size = 1024 } = options;
  if (!Number.isInteger(size) || size < BYTES || size > 2 ** 20) {
    fail(`bytePairTokenizer got size = ${show(size)}`, `an integer from ${BYTES} to ${2 ** 20}`);
  }
  const counts = new Map<string, number>();
  for (const [piece] of text.matchAll(PIECES)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const words = [...counts].map(([piece, count]) => ({ tokens: [...bytesOf(piece)], count }));
  return bytePairs(learnMerges(words, BYTES, size - BYTES));
}

export function bytePairsFromJSON(json: TokenizerJSON): Tokenizer {
  checkOptions("a byte-pair tokenizer", json, ["kind", "merges"]);
  const { merges } = json;
  const right =
    Array.isArray(merges) &&
    merges.every(
      (pair, i) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        pair.every((token) => Number.isInteger(token) && token >= 0 && token < BYTES + i),
    );
  if (!right)
    fail("a byte-pair tokenizer has damaged merges", "pairs of tokens before them", "save the tokenizer again");
  return bytePairs(merges as Pair[]);
}

function bytePairs(merges: readonly Pair[]): Tokenizer {
  const size = BYTES + merges.length;
  const ranks = new Map(merges.map(([left, right], rank) => [left * size + right, rank]));
  const bytes: Uint8Array[] = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
  for (const [left, right] of merges) bytes.push(Uint8Array.of(...(bytes[left] ?? []), ...(bytes[right] ?? [])));
  const known = new Map<string, readonly number[]>();

  /** A piece's tokens: of all pairs in it the one learned first is merged, until none is left. */
  function tokensOf(piece: string): readonly number[] {
    const found = known.get(piece);
    if (found) return found;
    const tokens = [...bytesOf(piece)];
    for (;;) {
      let [best, at] = [Number.POSITIVE_INFINITY, -1];
      for (let i = 1; i < tokens.length; i++) {
        const rank = ranks.get((tokens[i - 1] as number) * size + (tokens[i] as number));
        if (rank !== undefined && rank < best) [best, at] = [rank, i - 1];
      }
      if (at < 0) break;
      tokens.splice(at, 2, BYTES + best);
    }
    if (known.size < 1 << 16) known.set(piece, tokens);
    return tokens;
  }

  return {
    kind: "bytePairs",
    size,
    encode(text) {
      checkText("encode", text);
      const tokens: number[] = [];
      for (const [piece] of text.matchAll(PIECES)) for (const token of tokensOf(piece)) tokens.push(token);
      return Int32Array.from(tokens);
    },
    decode(tokens) {
      checkTokens("decode", tokens, size);
      const parts = Array.from(tokens, (token) => bytes[token] as Uint8Array);
      const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let end = 0;
      for (const part of parts) {
        all.set(part, end);
        end += part.length;
      }
      return new TextDecoder().decode(all); // what is cut off within a character becomes U+FFFD
    },
    toJSON: () => ({ kind: "bytePairs", merges }),
  };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
