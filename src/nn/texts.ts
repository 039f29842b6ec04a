import { type Tensor, tensor } from "../tensor/index.ts";
import { fail, murmur3, type Shape } from "../util/index.ts";

/** Texts in nested lists, the samples first. Numbers stand for their decimal notation. */
export type NestedTexts = string | number | readonly NestedTexts[];

/** Words of 32 bits by which a program knows a text. */
export const TEXT_WORDS = 2;

/** Seeds of the two hashes. */
const SEEDS = [0, 0x9747b28c] as const;

const utf8 = new TextEncoder();

/**
 * Texts as programs know them: each by the 64 bits of two MurmurHash3 hashes of its UTF-8 bytes, uint32 [texts, 2]. Of a million different
 * texts, two have the same 64 bits with a chance of 1 in 37 million.
 */
export function textWords(texts: ArrayLike<string>): Uint32Array {
  const words = new Uint32Array(TEXT_WORDS * texts.length);
  const seen = new Map<string, number>(); // columns repeat themselves
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] as string;
    const first = seen.get(text);
    if (first !== undefined) {
      words[2 * i] = words[2 * first] as number;
      words[2 * i + 1] = words[2 * first + 1] as number;
      continue;
    }
    const bytes = utf8.encode(text);
    SEEDS.forEach((seed, word) => {
      words[2 * i + word] = murmur3(bytes, seed);
    });
    if (seen.size < 65_536) seen.set(text, i);
  }
  return words;
}

/** The two words of every text of `x`, uint32 [batch, ..., 2], each as int32 [batch, ...]: comparisons and remainders are exact. */
export function wordsOf(x: Tensor): [Tensor, Tensor] {
  const all = x.shape.slice(0, -1).map(() => null);
  return [x.slice(...all, 0), x.slice(...all, 1)];
}

/** Where `x` is which of these texts: bool [batch, ..., texts]. */
export function isText(x: Tensor, texts: readonly string[]): Tensor {
  const words = textWords(texts);
  const [first, second] = wordsOf(x);
  const of = (word: number) => tensor(Uint32Array.from(texts, (_, i) => words[2 * i + word] as number));
  return first
    .expandDims(-1)
    .equal(of(0))
    .logicalAnd(second.expandDims(-1).equal(of(1)));
}

/** The shape of a sample's texts from that of their words. */
export function textShape(words: Shape): Shape {
  if (words.at(-1) !== TEXT_WORDS || words.length === 0) {
    fail("received numbers", "texts", 'begin with layers.input({ shape, dtype: "string" })');
  }
  return words.slice(0, -1);
}
