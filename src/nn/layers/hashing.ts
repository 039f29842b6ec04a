import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, sameShape, show } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, defineLayer, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";
import { isText, textShape, wordsOf } from "../texts.ts";
import { type CategoryOutput, categoryOutput, categoryShape, checkOutputMode } from "./category-output.ts";

export interface HashingOptions extends LayerOptions {
  /** An integer from 0 to 2^16 - 1 that chooses among as many hashes; default 0. */
  salt?: number;
  /** The text that gets bin 0, which no other then gets; default none (Keras). */
  maskValue?: string;
  /** Default "int" (Keras). */
  outputMode?: CategoryOutput;
}

/**
 * Texts to one of numBins bins: (h1 + salt h2) mod 2^32 mod numBins, h1 and h2 being MurmurHash3 of the UTF-8 bytes with the seeds 0 and
 * 0x9747b28c (Kirsch & Mitzenmacher, 2006); nothing is learned, different texts may share a bin (Keras's Hashing, which has other hashes).
 *
 * @example
 * sequential([layers.hashing(64, { inputShape: [1] }), layers.embedding(64, 8), layers.flatten(), layers.dense(1)]);
 */
export function hashing(numBins: number, options: HashingOptions = {}): Layer {
  const kind = "hashing";
  checkLayerOptions(kind, options, ["salt", "maskValue", "outputMode"]);
  const { salt = 0, maskValue, outputMode = "int" } = options;
  checkBins(kind, numBins, maskValue === undefined ? 1 : 2);
  if (maskValue !== undefined && typeof maskValue !== "string")
    fail(`${kind} got maskValue = ${show(maskValue)}`, "a text");
  if (!Number.isInteger(salt) || salt < 0 || salt >= 2 ** 16) fail(`${kind} got salt = ${show(salt)}`, "0 to 65535");
  checkOutputMode(kind, outputMode);
  return defineLayer({
    kind,
    options: { numBins, ...options },
    texts: true,
    outputShape: (input) => categoryShape(textShape(input), numBins, outputMode),
    call(x) {
      const [first, second] = wordsOf(x);
      const hash = salt === 0 ? first : first.add(second.mul(salt));
      if (maskValue === undefined) return categoryOutput(hash.mod(numBins), numBins, outputMode);
      const bin = hash
        .mod(numBins - 1)
        .cast("float32")
        .add(1);
      return categoryOutput(isText(x, [maskValue]).squeeze(-1).where(0, bin), numBins, outputMode);
    },
  });
}
hashing.positional = ["numBins"];

export interface HashedCrossingOptions extends LayerOptions {
  /** Default "int" (Keras). */
  outputMode?: CategoryOutput;
}

/**
 * Texts of two or more inputs, together, to one of numBins bins: h = 31 h + h1 of each in turn, mod 2^32 mod numBins, h1 being MurmurHash3
 * (Keras's HashedCrossing, which has another hash).
 *
 * @example
 * const city = layers.input({ shape: [1], dtype: "string" });
 * const job = layers.input({ shape: [1], dtype: "string" });
 * const crossed = layers.hashedCrossing(100, { outputMode: "oneHot" })([city, job]);
 */
export function hashedCrossing(numBins: number, options: HashedCrossingOptions = {}): Layer {
  const kind = "hashedCrossing";
  checkLayerOptions(kind, options, ["outputMode"]);
  const { outputMode = "int" } = options;
  checkBins(kind, numBins, 1);
  checkOutputMode(kind, outputMode);
  return defineMergeLayer({
    kind,
    options: { numBins, ...options },
    texts: true,
    outputShape(inputs) {
      const [shape = [], ...others] = inputs.map(textShape);
      if (others.length === 0)
        fail("received 1 input", "two or more", "apply it to a list: hashedCrossing(100)([a, b])");
      const different = others.find((other) => !sameShape(other, shape));
      if (different) fail(`received texts of shapes ${formatShape(shape)} and ${formatShape(different)}`, "one shape");
      return categoryShape(shape, numBins, outputMode);
    },
    call(inputs) {
      const hashes = inputs.map((x) => wordsOf(x)[0]);
      const hash = hashes.slice(1).reduce((h, each) => h.mul(31).add(each), hashes[0] as Tensor);
      return categoryOutput(hash.mod(numBins), numBins, outputMode);
    },
  });
}
hashedCrossing.positional = ["numBins"];

function checkBins(kind: string, numBins: number, least: number): void {
  checkCount(kind, "numBins", numBins);
  if (numBins < least || numBins > 2 ** 24) fail(`${kind} got numBins = ${numBins}`, `${least} to 2^24`);
}
