import { fail } from "../../util/index.ts";
import { HEAD_OPTIONS, type HeadOptions, headAttention } from "../attention/head-attention.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, type Layer, type LayerOptions } from "../layer.ts";

export interface GroupedQueryAttentionOptions extends LayerOptions, HeadOptions {}

/**
 * Attention whose heads share keys and values in groups (Ainslie et al., 2023): numQueryHeads heads of queries, numKeyValueHeads of
 * keys and values; with one of these it is multi-query attention (Shazeer, 2019). Else as {@link multiHeadAttention}.
 *
 * @param headDim features of each head, @param numQueryHeads how many heads ask, a multiple of @param numKeyValueHeads.
 *
 * @example
 * const x = layers.input({ shape: [10, 16] });
 * layers.groupedQueryAttention(8, 4, 2, { causal: true, positions: "rotary" })(x).shape; // [10, 16]
 */
export function groupedQueryAttention(
  headDim: number,
  numQueryHeads: number,
  numKeyValueHeads: number,
  options: GroupedQueryAttentionOptions = {},
): Layer {
  checkLayerOptions("groupedQueryAttention", options, HEAD_OPTIONS);
  checkCount("groupedQueryAttention", "headDim", headDim);
  checkCount("groupedQueryAttention", "numQueryHeads", numQueryHeads);
  checkCount("groupedQueryAttention", "numKeyValueHeads", numKeyValueHeads);
  if (numQueryHeads % numKeyValueHeads !== 0) {
    fail(
      `groupedQueryAttention got ${numQueryHeads} heads of queries for ${numKeyValueHeads} of keys and values`,
      "a multiple of these",
    );
  }
  const sizes = { heads: numQueryHeads, groups: numKeyValueHeads, keyDim: headDim, valueDim: headDim };
  const all = { headDim, numQueryHeads, numKeyValueHeads, ...options };
  return headAttention("groupedQueryAttention", all, sizes, options);
}
groupedQueryAttention.positional = ["headDim", "numQueryHeads", "numKeyValueHeads"];
