import { fail, formatShape } from "../util/index.ts";
import { checkNamed } from "./checks.ts";
import { arange, asTensor, where } from "./functions.ts";
import type { RandomKey } from "./random-key.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

export interface AttentionOptions {
  /** Query i sees the keys 0 to i + offset only; default false. */
  readonly causal?: boolean;
  /** The place of the first query among the keys, for `causal`: a number or int32 []. Default 0 (PyTorch). */
  readonly offset?: number | Tensor;
  /** bool, true where a query may see a key, broadcast to [..., queries, keys]; default everywhere. */
  readonly mask?: TensorLike;
  /** Added to the scores, broadcast to [..., queries, keys]; default nothing. */
  readonly bias?: TensorLike;
  /** Factor of the products; default 1 / sqrt(features) (Vaswani et al., 2017). */
  readonly scale?: number;
  /** Weights become 0 with probability `rate`, the others are divided by 1 - rate; default none. */
  readonly dropout?: { readonly rate: number; readonly key: RandomKey };
}

/** A score that leaves exp(score - max) at exactly 0. Finite: where nothing may be seen, all is seen alike instead of NaN (Keras). */
const UNSEEN = -1e30;

/**
 * softmax(scale query key^T + bias) value, over the keys that may be seen (Vaswani et al., 2017):
 * query [..., queries, d], key [..., keys, d], value [..., keys, e] -> [..., queries, e]; leading axes are broadcast.
 *
 * Masks by `causal` are comparisons of indices, never memory. A query that may see nothing sees all keys alike (Keras).
 *
 * @throws DescentError when features of queries and keys, or the numbers of keys and values, differ.
 * @example
 * const x = randomKey(0).normal([2, 5, 8]);
 * scaledDotProductAttention(x, x, x, { causal: true }); // [2, 5, 8]
 */
export function scaledDotProductAttention(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  options: AttentionOptions = {},
): Tensor {
  checkNamed("scaledDotProductAttention", options, ["causal", "offset", "mask", "bias", "scale", "dropout"]);
  const [q, k, v] = [query, key, value].map(asTensor) as [Tensor, Tensor, Tensor];
  const fits = q.rank >= 2 && k.rank >= 2 && v.rank >= 2 && q.shape.at(-1) === k.shape.at(-1);
  if (!fits || k.shape.at(-2) !== v.shape.at(-2)) {
    fail(
      `scaledDotProductAttention got query, key and value of shapes ${[q, k, v].map(({ shape }) => formatShape(shape)).join(", ")}`,
      "[..., queries, d], [..., keys, d] and [..., keys, e]",
    );
  }
  const scores = q.matmul(swapped(k)).mul(options.scale ?? 1 / Math.sqrt(q.shape.at(-1) ?? 1));
  return attend(scores, v, options);
}

/** softmax(scores + bias) value over what may be seen; see {@link scaledDotProductAttention}. */
export function attend(
  scores: Tensor,
  value: Tensor,
  { causal = false, offset = 0, mask, bias, dropout }: Omit<AttentionOptions, "scale">,
): Tensor {
  let shown = bias === undefined ? scores : scores.add(bias);
  const [queries = 1, keys = 1] = scores.shape.slice(-2);
  if (causal) shown = where(arange(keys).lessEqual(arange(queries).add(offset).expandDims(1)), shown, UNSEEN);
  if (mask !== undefined) shown = where(asTensor(mask).cast("bool"), shown, UNSEEN);
  const weights = shown.softmax();
  if (!dropout || dropout.rate === 0) return weights.matmul(value);
  const kept = dropout.key.bernoulli(1 - dropout.rate, weights.shape);
  return where(kept, weights.mul(1 / (1 - dropout.rate)), 0).matmul(value);
}

/** The last two axes exchanged. */
function swapped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return x.transpose([...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
