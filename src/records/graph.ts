import type { NetworkConfig } from "../nn/index.ts";
import { ProtoWriter } from "../util/index.ts";

/**
 * A network's layers as a GraphDef (tensorflow/core/framework/graph.proto), as TensorBoard's graph tab shows it: a node for every use of a layer,
 * its kind as the op, its options as attributes.
 */
export function graphDef({ layers, inputs }: NetworkConfig): ProtoWriter {
  const graph = new ProtoWriter();
  const known = new Set(layers.map(({ name }) => name));
  for (const name of inputs) if (!known.has(name)) graph.message(1, node(name, "input", [], {}));
  for (const { name, kind, options, calls } of layers) {
    const uses = calls.length > 0 ? calls : [[]];
    uses.forEach((from, use) => {
      graph.message(1, node(useName(name, use), kind, from.map(nodeName), options));
    });
  }
  return graph.message(4, new ProtoWriter().int(1, 22)); // versions: what today's TensorFlow writes can be read
}

function node(name: string, op: string, inputs: readonly string[], options: Readonly<Record<string, unknown>>) {
  const made = new ProtoWriter().string(1, name).string(2, op);
  for (const input of inputs) made.string(3, input);
  for (const [option, value] of Object.entries(options)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text !== undefined)
      made.message(5, new ProtoWriter().string(1, option).message(2, new ProtoWriter().string(2, text)));
  }
  return made;
}

/** "dense_1:1", the second use of a layer, by a name that means nothing else in a GraphDef. */
function nodeName(reference: string): string {
  const [, name = reference, use = "0"] = /^(.*):(\d+)$/.exec(reference) ?? [];
  return useName(name, Number(use));
}

function useName(name: string, use: number): string {
  return use === 0 ? name : `${name}.use${use + 1}`;
}
