import type { Network, SymbolicTensor } from "../nn/index.ts";
import { invariant } from "../util/index.ts";

/** Path of the layer that gives a tensor of the network, such as "dense_3". */
export function pathOf(network: Network, tensor: SymbolicTensor): string {
  const layer = network.layers.find(({ definition }) => definition === tensor.origin.layer);
  invariant(layer, "a tensor of the network comes from none of its layers");
  return layer.path;
}
