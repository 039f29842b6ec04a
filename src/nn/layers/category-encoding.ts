import { checkCount } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { type CategoryOutput, categoryOutput, categoryShape, checkOutputMode } from "./category-output.ts";

export interface CategoryEncodingOptions extends LayerOptions {
  /** Default "multiHot" (Keras). */
  outputMode?: Exclude<CategoryOutput, "int">;
}

/**
 * Category numbers 0..numTokens - 1 to rows of numTokens: "oneHot" one per number, "multiHot" and "count" one per sample, over its last axis
 * (Keras's CategoryEncoding).
 *
 * @example
 * layers.categoryEncoding(4, { outputMode: "oneHot" }); // [[2]] -> [[0, 0, 1, 0]]
 */
export function categoryEncoding(numTokens: number, options: CategoryEncodingOptions = {}): Layer {
  checkLayerOptions("categoryEncoding", options, ["outputMode"]);
  const { outputMode = "multiHot" } = options;
  checkCount("categoryEncoding", "numTokens", numTokens);
  checkOutputMode("categoryEncoding", outputMode, ["oneHot", "multiHot", "count"]);
  return defineLayer({
    kind: "categoryEncoding",
    options: { numTokens, ...options },
    outputShape: (input) => categoryShape(input, numTokens, outputMode),
    call: (x) => categoryOutput(x, numTokens, outputMode),
  });
}
categoryEncoding.positional = ["numTokens"];
