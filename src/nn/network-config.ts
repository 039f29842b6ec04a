import { fail } from "../util/index.ts";
import type { LayerDefinition } from "./definition.ts";
import { type Nested, type NetworkGraph, SymbolicTensor, type Unit } from "./graph.ts";
import { layerRegistry } from "./layer-registry.ts";
import { type Json, toJson } from "./serialize.ts";
import { type NetworkStructure, referenceTo } from "./structure.ts";

/** A layer in a file. */
export interface LayerConfig {
  readonly name: string;
  readonly kind: string;
  readonly options: { readonly [name: string]: Json };
  /**
   * For each use of the layer, the tensors that flow into it, named by the layer that gives them: "dense_1", or
   * "dense_1:1" for its second use. An input has none.
   */
  readonly calls: readonly (readonly string[])[];
}

/** A network's structure in a file: its layers in the order of computation. */
export interface NetworkConfig {
  readonly name: string;
  readonly layers: readonly LayerConfig[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names other than these. */
  readonly inputNames?: readonly string[];
  readonly outputNames?: readonly string[];
}

/** A network that can be written: see `Network`. */
interface Writable {
  readonly network: { configWith(trains: (layer: LayerDefinition) => boolean): NetworkConfig };
}

/**
 * The structure as JSON; see `Network.toConfig`.
 *
 * @param trains false for layers that are frozen.
 */
export function configOf(
  name: string,
  structure: NetworkStructure,
  trains: (layer: LayerDefinition) => boolean,
): NetworkConfig {
  const { layers, inputs, outputs, inputNames, outputNames, referenceOf } = structure;
  const refer = (tensors: readonly SymbolicTensor[]) => tensors.map(referenceOf);
  for (const { path, calls } of layers) {
    if (new Set(calls.map(({ origin }) => origin.nested?.nested)).size < 2) continue;
    fail(`${path} is used within a model and outside of it, which a file can't hold`, "a layer used by one model");
  }
  const parts = [...structure.units].map(([unit, path]): LayerConfig => {
    if (isNested(unit)) {
      const network = (unit as Nested & Writable).network.configWith(trains);
      const calls = structure.callsOf(unit).map((call) => refer(call.inputs));
      return { name: path, kind: "model", options: { network: toJson(network, path) }, calls };
    }
    const { calls = [], ties = [] } = layers.find(({ definition }) => definition === unit) ?? {};
    const options = toJson(unit.options, path) as { [name: string]: Json };
    const tied = ties.map(({ name, owner, weight, transpose }) => {
      return [name, { layer: structure.pathOf(owner), weight, transpose }] as const;
    });
    return {
      name: path,
      kind: unit.kind,
      options: {
        ...options,
        ...(tied.length > 0 && { ties: Object.fromEntries(tied) }),
        ...(!trains(unit) && { trainable: false }),
      },
      calls: calls.map(({ origin }) => refer(origin.inputs)),
    };
  });
  return {
    name,
    layers: parts,
    inputs: refer(inputs),
    outputs: refer(outputs),
    ...(inputNames.join() !== refer(inputs).join() && { inputNames }),
    ...(outputNames.join() !== refer(outputs).join() && { outputNames }),
  };
}

function isNested(unit: Unit): unit is Nested {
  return "network" in unit;
}

/** Makes a network that is a part of another. */
export type MakeNetwork = (
  graph: NetworkGraph,
  options: { readonly name: string },
) => { connectAll(inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] };

/** The graph of a network from its structure; see `graphOf`. */
export function graphFrom(config: NetworkConfig, make: MakeNetwork): NetworkGraph {
  const { layers, inputs, outputs } = checkedConfig(config);
  const tensors = new Map<string, SymbolicTensor>();
  type Apply = (inputs: readonly SymbolicTensor[]) => readonly SymbolicTensor[];
  const made = new Map<string, Apply>();
  const need = (reference: string, where: string) =>
    tensors.get(reference) ?? fail(`${where} refers to "${reference}", which no layer gives`);

  function makeUnit({ name, kind, options }: LayerConfig): Apply {
    if (kind === "model") {
      const inner = options["network"] as NetworkConfig | undefined;
      const network = make(graphFrom(inner as NetworkConfig, make), { name: nameOf(inner) });
      return (sources) => network.connectAll(sources);
    }
    const layer = layerRegistry.get(kind)({ ...options, name });
    return (sources) => [layer instanceof SymbolicTensor ? layer : layer(sources)];
  }

  /** Applies a layer as often as its inputs are there; true when anything came about. */
  function advance(layer: LayerConfig): boolean {
    const { name, calls } = layer;
    const before = tensors.size;
    calls.forEach((sources, call) => {
      if (tensors.has(referenceTo(name, call)) || !sources.every((source) => tensors.has(source))) return;
      const unit = made.get(name) ?? makeUnit(layer);
      made.set(name, unit);
      unit(sources.map((source) => need(source, name))).forEach((tensor, output) => {
        tensors.set(referenceTo(name, call, output), tensor);
      });
    });
    return tensors.size > before;
  }

  let advanced = true; // a layer that is used again may need what comes after its first use
  while (advanced) advanced = layers.map(advance).includes(true);
  for (const { name, calls } of layers) {
    for (const source of calls.flat()) need(source, `layer "${name}"`);
  }
  return {
    inputs: inputs.map((reference) => need(reference, "the list of inputs")),
    outputs: outputs.map((reference) => need(reference, "the list of outputs")),
    inputNames: namesFor(inputs, config.inputNames, "inputNames"),
    outputNames: namesFor(outputs, config.outputNames, "outputNames"),
  };
}

function nameOf(config: NetworkConfig | undefined): string {
  return typeof config?.name === "string" ? config.name : "model";
}

function namesFor(references: readonly string[], names: readonly string[] | undefined, what: string) {
  const whole = names === undefined || (Array.isArray(names) && names.every((name) => typeof name === "string"));
  if (whole && (names?.length ?? references.length) === references.length) return names;
  fail(`${what} of the structure is damaged`, `a list of ${references.length} names`);
}

function checkedConfig(config: NetworkConfig): NetworkConfig {
  const texts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!config || !Array.isArray(config.layers) || !texts(config.inputs) || !texts(config.outputs)) {
    fail("this is no network's structure", "{ name, layers: [...], inputs: [names], outputs: [names] }");
  }
  const names = new Set<string>();
  config.layers.forEach((layer: LayerConfig, i) => {
    const { name, kind, options, calls } = layer ?? {};
    const whole =
      typeof name === "string" && typeof kind === "string" && typeof options === "object" && options !== null;
    if (!whole || !Array.isArray(calls) || calls.length === 0 || !calls.every(texts)) {
      fail(`layer ${i + 1} of the structure is damaged`, "{ name, kind, options: {...}, calls: [[names], ...] }");
    }
    if (names.has(name)) fail(`two layers of the structure are named "${name}"`, "unique names");
    names.add(name);
  });
  return config;
}
