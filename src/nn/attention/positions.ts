import { arange, type Tensor, tensor } from "../../tensor/index.ts";
import type { Past } from "../definition.ts";

/** The longest wave of sines and rotations, in radians per 2 pi (Vaswani et al., 2017; Su et al., 2021). */
export const MAX_WAVELENGTH = 10000;

/** The numbers of these places in their sequence: int32 [places]. */
export function placesOf(count: number, past?: Past): Tensor {
  return past ? arange(count).add(past.position) : arange(count);
}

/** A table [length, features] of f(place, feature): the rows of these places, [places, features]. Tables are made once, on the host. */
function rowsOf(
  count: number,
  features: number,
  past: Past | undefined,
  f: (place: number, feature: number) => number,
) {
  const length = past?.length ?? count;
  const values = Float32Array.from({ length: length * features }, (_, i) => f(Math.floor(i / features), i % features));
  const table = tensor(values, { shape: [length, features] });
  return past ? table.take(placesOf(count, past)) : table;
}

/**
 * Sines and cosines of growing wavelengths (Vaswani et al., 2017): [places, features], with sin(p / W^(2i / features)) at feature 2i and
 * the cosine of the same at feature 2i + 1.
 */
export function sinusoids(count: number, features: number, maxWavelength: number, past?: Past): Tensor {
  return rowsOf(count, features, past, (place, feature) => {
    const angle = place / maxWavelength ** ((2 * Math.floor(feature / 2)) / features);
    return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

/**
 * Rotates pairs of features by angles that grow with the place (RoPE; Su et al., 2021), so that products of queries and keys depend on
 * their distance: x [..., places, d] -> the same shape. Feature i and feature i + d / 2 are a pair (as in Llama and KerasHub), turned by
 * p / W^(2i / d).
 */
export function rotated(x: Tensor, maxWavelength: number, past?: Past): Tensor {
  const [count = 1, features = 2] = x.shape.slice(-2);
  const half = features / 2;
  const angle = (place: number, i: number) => place / maxWavelength ** (i / half);
  const cosine = rowsOf(count, half, past, (place, i) => Math.cos(angle(place, i))).expandDims(1); // [places, 1, half]
  const sine = rowsOf(count, half, past, (place, i) => Math.sin(angle(place, i))).expandDims(1);
  const pairs = x.reshape([...x.shape.slice(0, -1), 2, half]); // [..., places, 2, half]
  const sign = arange(2).mul(2).sub(1).cast("float32").reshape([2, 1]); // the first of a pair takes - the second, the second + the first
  return pairs
    .mul(cosine)
    .add(pairs.flip(-2).mul(sign).mul(sine))
    .reshape([...x.shape]);
}

/**
 * What ALiBi adds to the scores of each head (Press et al., 2022): -slope |query's place - key's place|, float32 [heads, queries, keys], for queries at
 * these places, int32 [queries].
 * Slopes are 2^(-8 h / heads) for heads 1 to a power of two; of other numbers of heads, those of the next smaller power and every other
 * one of the next greater.
 */
export function alibi(heads: number, places: Tensor, keys: number): Tensor {
  const slopes = tensor(Float32Array.from(alibiSlopes(heads)), { shape: [heads, 1, 1] });
  const distance = places.expandDims(1).sub(arange(keys)).cast("float32").abs(); // [queries, keys]
  return distance.mul(slopes).neg();
}

/** See {@link alibi}. */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = Array.from({ length: power }, (_, h) => 2 ** ((-8 * (h + 1)) / power));
  if (power === heads) return slopes;
  const between = alibiSlopes(2 * power).filter((_, h) => h % 2 === 0);
  return [...slopes, ...between.slice(0, heads - power)];
}
