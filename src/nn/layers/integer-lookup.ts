import { tensor, where } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import { type AdaptableLayer, type AdaptData, adaptable, batchesOf, notAdapted } from "../adapt.ts";
import { checkLayerOptions, defineLayer, type LayerOptions } from "../layer.ts";
import { type CategoryOutput, categoryOutput, categoryShape } from "./category-output.ts";
import { checkLookup, type LookupOptions, mostFrequent, roomFor } from "./vocabulary.ts";

export interface IntegerLookupOptions extends LayerOptions, LookupOptions {
  /** The numbers that are known, most frequent first; what `adapt` finds. */
  vocabulary?: readonly number[];
  /** Stands for missing numbers: 0 with outputMode "int", nothing else; default none (Keras). */
  maskToken?: number;
  /** Default "int" (Keras). */
  outputMode?: CategoryOutput;
}

/**
 * Whole numbers to their places in a vocabulary: the mask first if there is one, then places for unknown ones (number mod numOovIndices), then
 * the vocabulary (Keras's IntegerLookup). Compares with each number of the vocabulary.
 *
 * @example
 * const zip = await layers.integerLookup({ outputMode: "oneHot" }).adapt([[10115], [80331], [10115]]);
 * layers.integerLookup({ vocabulary: [12, 36, 1138] }); // 36, 7 -> 2, 0
 */
export function integerLookup(options: IntegerLookupOptions = {}): AdaptableLayer {
  const kind = "integerLookup";
  checkLayerOptions(kind, options, ["vocabulary", "maskToken", "outputMode", "maxTokens", "numOovIndices"]);
  const { vocabulary, maskToken, outputMode = "int", numOovIndices = 1 } = options;
  checkLookup(kind, options, outputMode, isWhole, "whole numbers, each once");
  if (maskToken !== undefined && !isWhole(maskToken))
    fail(`${kind} got maskToken = ${show(maskToken)}`, "a whole number");
  const mask = maskToken !== undefined && outputMode === "int" ? 1 : 0;
  const depth = numOovIndices + (vocabulary?.length ?? 0);

  const layer = defineLayer({
    kind,
    options,
    outputShape(input) {
      if (!vocabulary) return notAdapted(kind, "the option vocabulary");
      return categoryShape(input, depth, outputMode);
    },
    call(x) {
      const number = x.cast("int32");
      const known = number.expandDims(-1).equal(tensor(Int32Array.from(vocabulary ?? [])));
      const place = known
        .cast("float32")
        .mul(tensor(Float32Array.from(vocabulary ?? [], (_, i) => i + 1)))
        .sum({ axis: -1 });
      const unknown =
        numOovIndices > 1 ? number.mod(numOovIndices).cast("float32") : place.mul(0).add(numOovIndices - 1);
      const found = where(place.greater(0), place.add(numOovIndices - 1), unknown).add(mask);
      const masked = maskToken === undefined ? found : where(number.equal(maskToken), mask - 1, found);
      return categoryOutput(masked, depth, outputMode);
    },
  });
  return adaptable(layer, async (data: AdaptData) => {
    const counts = new Map<number, number>();
    for await (const { values } of batchesOf(kind, data)) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as number;
        if (!isWhole(value)) fail(`${kind} is adapted to ${value}`, "whole numbers from -2^24 to 2^24");
        if (value !== maskToken) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    return integerLookup({ ...options, vocabulary: mostFrequent(counts, roomFor(options, mask), (a, b) => a - b) });
  });
}

/** Whole numbers that float32 holds exactly. */
function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 24;
}
