import { tensor, where } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import { type AdaptableLayer, adaptable, notAdapted } from "../adapt.ts";
import { checkLayerOptions, defineLayer, type LayerOptions } from "../layer.ts";
import { isText, type NestedTexts, textShape, wordsOf } from "../texts.ts";
import { type CategoryOutput, categoryOutput, categoryShape } from "./category-output.ts";
import { checkLookup, type LookupOptions, mostFrequent, roomFor } from "./vocabulary.ts";

export interface StringLookupOptions extends LayerOptions, LookupOptions {
  /** The texts that are known, most frequent first; what `adapt` finds. */
  vocabulary?: readonly string[];
  /** Stands for missing texts: 0 with outputMode "int", nothing else; default none (Keras). */
  maskToken?: string;
  /** Default "int" (Keras). */
  outputMode?: CategoryOutput;
}

/**
 * Texts to their places in a vocabulary: the mask first if there is one, then places for unknown ones (by their hash), then the vocabulary
 * (Keras's StringLookup). Its input is `layers.input({ shape, dtype: "string" })`, or it comes first in a sequential model.
 *
 * @example
 * const city = await layers.stringLookup({ outputMode: "oneHot", inputShape: [1] }).adapt([["Rome"], ["Oslo"], ["Rome"]]);
 * const rents = sequential([city, layers.dense(1)]);
 */
export function stringLookup(
  options: StringLookupOptions = {},
): AdaptableLayer<NestedTexts | AsyncIterable<NestedTexts>> {
  const kind = "stringLookup";
  checkLayerOptions(kind, options, ["vocabulary", "maskToken", "outputMode", "maxTokens", "numOovIndices"]);
  const { vocabulary, maskToken, outputMode = "int", numOovIndices = 1 } = options;
  checkLookup(kind, options, outputMode, (token) => typeof token === "string", "texts, each once");
  if (maskToken !== undefined && typeof maskToken !== "string")
    fail(`${kind} got maskToken = ${show(maskToken)}`, "a text");
  const mask = maskToken !== undefined && outputMode === "int" ? 1 : 0;
  const depth = numOovIndices + (vocabulary?.length ?? 0);

  const layer = defineLayer({
    kind,
    options,
    texts: true,
    outputShape(input) {
      if (!vocabulary) return notAdapted(kind, "the option vocabulary");
      return categoryShape(textShape(input), depth, outputMode);
    },
    call(x) {
      const places = tensor(Float32Array.from(vocabulary ?? [], (_, i) => i + 1));
      const place = isText(x, vocabulary ?? [])
        .cast("float32")
        .mul(places)
        .sum({ axis: -1 });
      const [first] = wordsOf(x);
      const unknown =
        numOovIndices > 1 ? first.mod(numOovIndices).cast("float32") : place.mul(0).add(numOovIndices - 1);
      const found = where(place.greater(0), place.add(numOovIndices - 1), unknown).add(mask);
      const masked = maskToken === undefined ? found : where(isText(x, [maskToken]).squeeze(-1), mask - 1, found);
      return categoryOutput(masked, depth, outputMode);
    },
  });
  return adaptable(layer, async (data: NestedTexts | AsyncIterable<NestedTexts>) => {
    const counts = new Map<string, number>();
    const count = (part: NestedTexts): void => {
      if (Array.isArray(part)) part.forEach(count);
      else if (typeof part !== "string" && typeof part !== "number")
        fail(`${kind} is adapted to ${show(part)}`, "texts");
      else if (String(part) !== maskToken) counts.set(String(part), (counts.get(String(part)) ?? 0) + 1);
    };
    for await (const part of isStream(data) ? data : [data]) count(part);
    if (counts.size === 0) fail(`${kind} got no data to adapt to`, "at least one text");
    const order = (a: string, b: string) => (a < b ? -1 : 1);
    return stringLookup({ ...options, vocabulary: mostFrequent(counts, roomFor(options, mask), order) });
  });
}

function isStream(data: NestedTexts | AsyncIterable<NestedTexts>): data is AsyncIterable<NestedTexts> {
  return typeof data === "object" && Symbol.asyncIterator in data;
}
