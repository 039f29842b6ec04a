import type { NetworkGraph } from "./graph.ts";
import { Network } from "./network.ts";
import { graphFrom, type MakeNetwork, type NetworkConfig } from "./network-config.ts";

/**
 * The graph of a network from its structure: the inverse of `Network.toConfig`.
 *
 * @param make how networks within it are made; default as plain ones.
 *
 * @example
 * const network = new Network(chain([layers.dense(1, { inputShape: [2] })]));
 * const copy = new Network(graphOf(JSON.parse(JSON.stringify(network.toConfig()))), { name: "copy" });
 *
 * @throws DescentError for anything that is no such structure, naming the layer.
 */
export function graphOf(
  config: NetworkConfig,
  make: MakeNetwork = (graph, options) => new Network(graph, options),
): NetworkGraph {
  return graphFrom(config, make);
}
