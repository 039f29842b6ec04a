import type { Tensor } from "../../tensor/index.ts";

/** [batch, places, heads features] -> [batch, heads, places, features]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch = 1, places = 1, width = 1] = x.shape;
  return x.reshape([batch, places, heads, width / heads]).transpose([0, 2, 1, 3]);
}

/** [batch, heads, places, features] -> [batch, places, heads features]. */
export function joinHeads(x: Tensor): Tensor {
  const [batch = 1, heads = 1, places = 1, width = 1] = x.shape;
  return x.transpose([0, 2, 1, 3]).reshape([batch, places, heads * width]);
}

/** Each head of keys or values for `times` heads of queries that share it: [batch, heads, ...] -> [batch, heads times, ...]. */
export function repeatHeads(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [batch = 1, heads = 1, ...rest] = x.shape;
  return x
    .expandDims(2)
    .broadcastTo([batch, heads, times, ...rest])
    .reshape([batch, heads * times, ...rest]);
}
