import { fail, formatShape } from "../util/index.ts";
import { type Attention, attendInTiles, type OfPairs } from "./attention-tiles.ts";
import { checkNamed } from "./checks.ts";
import { arange, asTensor, where } from "./functions.ts";
import type { RandomKey } from "./random-key.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

export interface AttentionOptions {
  /** Query i sees the keys 0 to i + offset only; default false. */
  readonly causal?: boolean;
  /** The place of the first query among the keys, for `causal`: a number or int32 []. Default 0 (PyTorch). */
  readonly offset?: number | Tensor;
  /**
   * bool, true where a query may see a key, broadcast to [..., queries, keys]; default everywhere. A function of the queries' places is asked
   * for some queries at a time, so that of long sequences the whole never lies in memory.
   */
  readonly mask?: OfPairs;
  /** Added to the scores, broadcast to [..., queries, keys], or a function as for `mask`; default nothing. */
  readonly bias?: OfPairs;
  /** Factor of the products; default 1 / sqrt(features) (Vaswani et al., 2017). */
  readonly scale?: number;
  /** Weights become 0 with probability `rate`, the others are divided by 1 - rate; default none. */
  readonly dropout?: { readonly rate: number; readonly key: RandomKey };
  /** Queries that are computed at a time. Default: all; 64 from 1024 queries and keys on, or 512 where only `causal` masks. */
  readonly tile?: number;
}

/** A score that leaves exp(score - max) at exactly 0. Finite: where nothing may be seen, all is seen alike instead of NaN (Keras). */
const UNSEEN = -1e30;

const NAMES = ["causal", "offset", "mask", "bias", "scale", "dropout", "tile"];

/**
 * softmax(scale query key^T + bias) value, over the keys that may be seen (Vaswani et al., 2017):
 * query [..., queries, d], key [..., keys, d], value [..., keys, e] -> [..., queries, e]; leading axes are broadcast.
 *
 * Masks by `causal` are comparisons of indices, never memory. A query that may see nothing sees all keys alike (Keras). Long sequences are
 * computed in tiles of queries, and again for the gradient, so that memory grows with the length, not its square (Rabe & Staats, 2021);
 * where nothing but `causal` masks, keys after a tile are not even looked at.
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
  checkNamed("scaledDotProductAttention", options, NAMES);
  const [q, k, v] = [query, key, value].map(asTensor) as [Tensor, Tensor, Tensor];
  const fits = q.rank >= 2 && k.rank >= 2 && v.rank >= 2 && q.shape.at(-1) === k.shape.at(-1);
  if (!fits || k.shape.at(-2) !== v.shape.at(-2)) {
    fail(
      `scaledDotProductAttention got query, key and value of shapes ${[q, k, v].map(({ shape }) => formatShape(shape)).join(", ")}`,
      "[..., queries, d], [..., keys, d] and [..., keys, e]",
    );
  }
  const { tile } = options;
  if (tile !== undefined && !(tile >= 1)) fail(`scaledDotProductAttention got tile = ${tile}`, "a positive number");
  const scale = options.scale ?? 1 / Math.sqrt(q.shape.at(-1) ?? 1);
  return attend((query, key) => query.matmul(swapped(key)).mul(scale), q, k, v, options);
}

/** softmax(scores(query, key) + bias) value over what may be seen; see {@link scaledDotProductAttention}. */
export function attend(
  scores: (query: Tensor, key: Tensor) => Tensor,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: Omit<AttentionOptions, "scale"> = {},
): Tensor {
  const { causal = false, offset = 0, dropout } = options;
  const attention: Attention = {
    query,
    key,
    value,
    seesAfter: !causal || typeof offset !== "number" ? undefined : offset,
    mask: options.mask,
    bias: options.bias,
    compute({ query, key, value, mask, bias, places, part }) {
      const given = scores(query, key);
      let shown = bias ? given.add(bias) : given;
      if (causal) shown = where(arange(key.shape.at(-2) ?? 1).lessEqual(places.expandDims(1)), shown, UNSEEN);
      if (mask) shown = where(mask.cast("bool"), shown, UNSEEN);
      const weights = shown.softmax();
      if (!dropout || dropout.rate === 0) return weights.matmul(value);
      const random = part === undefined ? dropout.key : dropout.key.fold(part);
      const kept = random.bernoulli(1 - dropout.rate, weights.shape);
      return where(kept, weights.mul(1 / (1 - dropout.rate)), 0).matmul(value);
    },
  };
  return attendInTiles(attention, offset, options.tile);
}

/** The last two axes exchanged. */
function swapped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return x.transpose([...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
