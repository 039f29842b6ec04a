import { product } from "../util/index.ts";
import type { NetworkStructure } from "./structure.ts";

/**
 * About how many multiplications one sample takes forward: every weight is used once at each position of a layer's output (a dense layer
 * has one, a convolution one per pixel), and every element of an output takes one. What custom functions compute inside is not seen.
 */
export function workPerSample({ layers }: NetworkStructure): number {
  let work = 0;
  for (const { calls, weights, ties } of layers) {
    const size = [...weights, ...ties].reduce((sum, weight) => sum + product(weight.shape), 0);
    for (const { shape } of calls) work += size * product(shape.slice(0, -1)) + product(shape);
  }
  return work;
}
