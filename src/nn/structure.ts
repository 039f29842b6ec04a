import { fail, formatShape, sameShape } from "../util/index.ts";
import type { LayerDefinition, WeightSpec } from "./definition.ts";
import { type NetworkGraph, nameLayers, type SymbolicTensor, topologicalOrder } from "./graph.ts";
import { type Weight, WeightLayout } from "./weights.ts";

/** A layer of a network, under its unique name. */
export interface NetworkLayer {
  readonly path: string;
  readonly definition: LayerDefinition;
  /** Its uses, one per application: weights are shared among them. */
  readonly calls: readonly SymbolicTensor[];
  readonly weights: readonly Weight[];
}

/** How a network is put together. */
export interface NetworkStructure {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** In the order in which they are computed. */
  readonly layers: readonly NetworkLayer[];
  /** Every tensor, each after what it is computed from. */
  readonly order: readonly SymbolicTensor[];
  readonly layout: WeightLayout;
  layerOf(tensor: SymbolicTensor): NetworkLayer;
}

/**
 * The structure that hangs on a graph's outputs, its layers named and their weights laid out.
 *
 * @throws DescentError when an input is missing or unused, or two layers share a name.
 */
export function structureOf(graph: NetworkGraph): NetworkStructure {
  const order = topologicalOrder(graph.outputs);
  const names = nameLayers(order.map(({ origin }) => origin.layer));
  checkInputs(graph, order, names);
  const layout = new WeightLayout(weightSpecs(order, names));
  const layers = [...names].map(([definition, path]) => ({
    path,
    definition,
    calls: order.filter(({ origin }) => origin.layer === definition),
    weights: layout.weights.filter((weight) => weight.path.startsWith(`${path}/`)),
  }));
  const byDefinition = new Map(layers.map((layer) => [layer.definition, layer]));
  return {
    inputs: graph.inputs,
    outputs: graph.outputs,
    layers,
    order,
    layout,
    layerOf: ({ origin }) => byDefinition.get(origin.layer) ?? fail("a layer is not in the network"),
  };
}

/** The layer that looks up an input's numbers, and how many of them there are; of several layers the one with the fewest. */
export function lookupOf(
  { order, layerOf }: NetworkStructure,
  input: SymbolicTensor,
): { path: string; indices: number } | undefined {
  const lookups = order.flatMap((tensor) => {
    const { layer, inputs } = tensor.origin;
    const looksUp = layer.indices !== undefined && inputs.includes(input);
    return looksUp ? [{ path: layerOf(tensor).path, indices: layer.indices }] : [];
  });
  return lookups.sort((a, b) => a.indices - b.indices)[0];
}

/** How files and results refer to a tensor: by the layer that gives it, "dense_1", or "dense_1:1" for its second use. */
export function referenceTo(path: string, call: number): string {
  return call === 0 ? path : `${path}:${call}`;
}

/** Every weight of every layer by its path, shapes inferred at the layer's first use and equal at the others. */
function weightSpecs(
  order: readonly SymbolicTensor[],
  names: ReadonlyMap<LayerDefinition, string>,
): Map<string, WeightSpec> {
  const specs = new Map<string, WeightSpec>();
  for (const { origin } of order) {
    for (const [name, spec] of Object.entries(origin.layer.weights(origin.inputs.map(({ shape }) => shape)))) {
      const path = `${names.get(origin.layer)}/${name}`;
      const first = specs.get(path);
      if (!first) specs.set(path, spec);
      else if (!sameShape(first.shape, spec.shape)) {
        fail(
          `${path} has shape ${formatShape(first.shape)} at the layer's first use and ${formatShape(spec.shape)} at another`,
          "inputs of one shape for a layer that shares its weights",
        );
      }
    }
  }
  return specs;
}

function checkInputs(
  { inputs, outputs }: NetworkGraph,
  order: readonly SymbolicTensor[],
  names: ReadonlyMap<LayerDefinition, string>,
): void {
  if (inputs.length === 0 || outputs.length === 0) fail("a network needs at least one input and one output");
  inputs.forEach((input, i) => {
    if (input.origin.inputs.length > 0)
      fail(`input ${i} of the network is computed by a layer`, "layers.input({ shape })");
    if (!order.includes(input)) fail(`input ${i} of the network reaches none of its outputs`, "inputs that are used");
  });
  for (const tensor of order) {
    if (tensor.origin.inputs.length === 0 && !inputs.includes(tensor)) {
      fail(`the outputs depend on ${names.get(tensor.origin.layer)}, which is not among the network's inputs`);
    }
  }
}
