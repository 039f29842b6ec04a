import { fail, formatShape, sameShape, show } from "../util/index.ts";
import type { LayerDefinition, WeightSpec } from "./definition.ts";
import {
  type Nested,
  type NestedCall,
  type NetworkGraph,
  nameLayers,
  nameUnits,
  type SymbolicTensor,
  topologicalOrder,
  type Unit,
} from "./graph.ts";
import { type ResolvedTie, resolveTies } from "./ties.ts";
import { type Weight, WeightLayout } from "./weights.ts";

/** A layer of a network, under its unique name. */
export class NetworkLayer {
  /** Its weights' places as they are now. */
  weights: readonly Weight[] = [];
  /** Whether training changes its weights; `trainable` as it was when the network was last arranged. */
  trains = true;

  constructor(
    readonly path: string,
    readonly definition: LayerDefinition,
    /** Its uses, one per application: weights are shared among them. */
    readonly calls: readonly SymbolicTensor[],
    /** The weights of its own, by name. */
    readonly specs: Readonly<Record<string, WeightSpec>>,
    /** Those that are other layers'. */
    readonly ties: readonly ResolvedTie[],
  ) {}

  /** False: frozen. A model takes it up when it is compiled. */
  get trainable(): boolean {
    return this.definition.trainable;
  }

  set trainable(trainable: boolean) {
    if (typeof trainable !== "boolean") fail(`${this.path} got trainable = ${show(trainable)}`, "true or false");
    this.definition.trainable = trainable;
  }
}

/** How a network is put together. */
export class NetworkStructure {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** What data and results call them. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** In the order in which they are computed. */
  readonly layers: readonly NetworkLayer[];
  /** Every tensor, each after what it is computed from. */
  readonly order: readonly SymbolicTensor[];
  /** Layers and networks that have a name of their own here, not within another network. */
  readonly units: ReadonlyMap<Unit, string>;
  /** Where the weights lie now: see {@link arrange}. */
  layout: WeightLayout;
  private readonly byDefinition: ReadonlyMap<LayerDefinition, NetworkLayer>;

  /** @throws DescentError when an input is missing or unused, or two layers share a name. */
  constructor(graph: NetworkGraph) {
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.order = topologicalOrder(graph.outputs);
    this.units = nameUnits(this.order.map(({ origin }) => origin));
    const names = nameLayers(this.order.map(({ origin }) => origin));
    checkInputs(graph, this.order, names);
    const specs = weightSpecs(this.order, names);
    const ties = resolveTies(specs, names);
    this.layers = [...names].map(([definition, path]) => {
      const calls = this.order.filter(({ origin }) => origin.layer === definition);
      const tied = ties.get(definition) ?? [];
      const all = Object.entries(specs.get(definition) ?? {});
      const own = all.filter(([name]) => !tied.some((tie) => tie.name === name));
      return new NetworkLayer(path, definition, calls, Object.fromEntries(own), tied);
    });
    this.byDefinition = new Map(this.layers.map((layer) => [layer.definition, layer]));
    this.inputNames = checkedNames(graph.inputNames ?? this.inputs.map(this.referenceOf), "inputs");
    this.outputNames = checkedNames(graph.outputNames ?? this.outputs.map(this.referenceOf), "outputs");
    this.layout = this.laidOut();
  }

  /** The name of a tensor in files and results: see {@link referenceTo}. */
  readonly referenceOf = (tensor: SymbolicTensor): string => {
    const { nested } = tensor.origin;
    const output = nested?.outputs.indexOf(tensor) ?? -1;
    if (nested && output >= 0) {
      const path = this.units.get(nested.nested) ?? "";
      return referenceTo(path, this.callsOf(nested.nested).indexOf(nested), output);
    }
    const { path, calls } = this.layerOf(tensor);
    return referenceTo(path, calls.indexOf(tensor));
  };

  readonly layerOf = ({ origin }: SymbolicTensor): NetworkLayer =>
    this.byDefinition.get(origin.layer) ?? fail("a layer is not in the network");

  pathOf(definition: LayerDefinition): string {
    return this.byDefinition.get(definition)?.path ?? fail("a layer is not in the network");
  }

  /** Whether a layer is trained as the network is arranged now. */
  trains(definition: LayerDefinition): boolean {
    return this.byDefinition.get(definition)?.trains ?? true;
  }

  /** The network within this one that a layer is from. */
  nestedOf(definition: LayerDefinition): Nested | undefined {
    return this.byDefinition.get(definition)?.calls[0]?.origin.nested?.nested;
  }

  /** The uses of a network within this one. */
  callsOf(nested: Nested): readonly NestedCall[] {
    const calls = this.order.map(({ origin }) => origin.nested).filter((call) => call?.nested === nested);
    return [...new Set(calls)] as NestedCall[];
  }

  /** Lays the weights out anew if layers were frozen or thawed since; true when something moved. */
  arrange(): boolean {
    if (this.layers.every(({ trains, trainable }) => trains === trainable)) return false;
    this.layout = this.laidOut();
    return true;
  }

  private laidOut(): WeightLayout {
    const specs = new Map<string, WeightSpec>();
    for (const layer of this.layers) {
      layer.trains = layer.trainable;
      for (const [name, spec] of Object.entries(layer.specs)) {
        specs.set(`${layer.path}/${name}`, layer.trains ? spec : { ...spec, frozen: true });
      }
    }
    const layout = new WeightLayout(specs);
    const byPath = new Map(layout.weights.map((weight) => [weight.path, weight]));
    for (const layer of this.layers) {
      layer.weights = Object.keys(layer.specs).map((name) => byPath.get(`${layer.path}/${name}`) as Weight);
    }
    return layout;
  }
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

function checkedNames(names: readonly string[], what: string): readonly string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(`two ${what} of the network are named "${twice}"`, "different tensors and names");
  return names;
}

/**
 * How files and results refer to a tensor: by the layer that gives it, "dense_1", or "dense_1:1" for its second use; the second
 * output of a network within another is "model_1#1".
 */
export function referenceTo(path: string, call: number, output = 0): string {
  return `${path}${call > 0 ? `:${call}` : ""}${output > 0 ? `#${output}` : ""}`;
}

/** The weights of every layer by name, shapes inferred at the layer's first use and equal at the others. */
function weightSpecs(
  order: readonly SymbolicTensor[],
  names: ReadonlyMap<LayerDefinition, string>,
): Map<LayerDefinition, Readonly<Record<string, WeightSpec>>> {
  const all = new Map<LayerDefinition, Readonly<Record<string, WeightSpec>>>();
  for (const { origin } of order) {
    const { layer, inputs } = origin;
    const specs = layer.weights(inputs.map(({ shape }) => shape));
    const first = all.get(layer) ?? specs;
    all.set(layer, first);
    for (const [name, { shape }] of Object.entries(specs)) {
      const other = first[name]?.shape ?? [];
      if (sameShape(other, shape)) continue;
      fail(
        `${names.get(layer)}/${name} has shape ${formatShape(other)} at the layer's first use and ${formatShape(shape)} at another`,
        "inputs of one shape for a layer that shares its weights",
      );
    }
  }
  return all;
}

function checkInputs(
  { inputs, outputs }: NetworkGraph,
  order: readonly SymbolicTensor[],
  names: ReadonlyMap<LayerDefinition, string>,
): void {
  if (inputs.length === 0 || outputs.length === 0) fail("a network needs at least one input and one output");
  inputs.forEach((input, i) => {
    if (input.origin.inputs.length > 0 || input.origin.nested)
      fail(`input ${i} of the network is computed by a layer`, "layers.input({ shape })");
    if (!order.includes(input)) fail(`input ${i} of the network reaches none of its outputs`, "inputs that are used");
  });
  for (const tensor of order) {
    if (tensor.origin.inputs.length === 0 && !inputs.includes(tensor)) {
      fail(`the outputs depend on ${names.get(tensor.origin.layer)}, which is not among the network's inputs`);
    }
  }
}
