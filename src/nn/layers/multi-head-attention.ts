import { HEAD_OPTIONS, type HeadOptions, headAttention } from "../attention/head-attention.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, type Layer, type LayerOptions } from "../layer.ts";

export interface MultiHeadAttentionOptions extends LayerOptions, HeadOptions {
  /** Features of each head's values; default keyDim (Keras). */
  valueDim?: number;
}

/**
 * Attention of several heads (Vaswani et al., 2017): each projects queries, keys and values, attends, and all are projected
 * together: softmax(q k^T / sqrt(keyDim)) v, [batch, queries, features] -> [batch, queries, outputDim].
 *
 * Applied to one tensor it attends to itself; to [query, value] or [query, value, key] it attends to another (Keras's order).
 * Weights: queryKernel [in, numHeads keyDim], keyKernel, valueKernel, outputKernel [numHeads valueDim, outputDim], and their biases.
 *
 * @param numHeads how many heads, @param keyDim features of each head's queries and keys.
 *
 * @example
 * const x = layers.input({ shape: [10, 16] });
 * layers.multiHeadAttention(2, 8, { causal: true })(x).shape; // [10, 16]
 */
export function multiHeadAttention(numHeads: number, keyDim: number, options: MultiHeadAttentionOptions = {}): Layer {
  checkLayerOptions("multiHeadAttention", options, [...HEAD_OPTIONS, "valueDim"]);
  checkCount("multiHeadAttention", "numHeads", numHeads);
  checkCount("multiHeadAttention", "keyDim", keyDim);
  const { valueDim = keyDim } = options;
  checkCount("multiHeadAttention", "valueDim", valueDim);
  const sizes = { heads: numHeads, groups: numHeads, keyDim, valueDim };
  return headAttention("multiHeadAttention", { numHeads, keyDim, ...options }, sizes, options);
}
multiHeadAttention.positional = ["numHeads", "keyDim"];
