import { fail } from "../util/index.ts";
import { type NetworkGraph, SymbolicTensor } from "./graph.ts";
import type { Layer } from "./layer.ts";
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

/** The structure as JSON; see `Network.toConfig`. */
export function configOf(name: string, structure: NetworkStructure): NetworkConfig {
  const { layers, inputs, outputs, inputNames, outputNames, referenceOf } = structure;
  const refer = (tensors: readonly SymbolicTensor[]) => tensors.map(referenceOf);
  return {
    name,
    layers: layers.map(({ path, definition, calls, trains }) => ({
      name: path,
      kind: definition.kind,
      options: {
        ...(toJson(definition.options, path) as { [name: string]: Json }),
        ...(!trains && { trainable: false }),
      },
      calls: calls.map(({ origin }) => refer(origin.inputs)),
    })),
    inputs: refer(inputs),
    outputs: refer(outputs),
    ...(inputNames.join() !== refer(inputs).join() && { inputNames }),
    ...(outputNames.join() !== refer(outputs).join() && { outputNames }),
  };
}

/**
 * The graph of a network from its structure: the inverse of `Network.toConfig`.
 *
 * @example
 * const network = new Network(chain([layers.dense(1, { inputShape: [2] })]));
 * const copy = new Network(graphOf(JSON.parse(JSON.stringify(network.toConfig()))), { name: "copy" });
 *
 * @throws DescentError for anything that is no such structure, naming the layer.
 */
export function graphOf(config: NetworkConfig): NetworkGraph {
  const { layers, inputs, outputs } = checkedConfig(config);
  const tensors = new Map<string, SymbolicTensor>();
  const made = new Map<string, Layer>();
  const need = (reference: string, where: string) =>
    tensors.get(reference) ?? fail(`${where} refers to "${reference}", which no layer gives`);

  /** Applies a layer as often as its inputs are there; true when anything came about. */
  function advance({ name, kind, options, calls }: LayerConfig): boolean {
    const before = tensors.size;
    calls.forEach((sources, call) => {
      const reference = referenceTo(name, call);
      if (tensors.has(reference) || !sources.every((source) => tensors.has(source))) return;
      const layer = made.get(name) ?? layerRegistry.get(kind)({ ...options, name });
      if (layer instanceof SymbolicTensor) {
        tensors.set(reference, layer);
      } else {
        made.set(name, layer);
        tensors.set(reference, layer(sources.map((source) => need(source, name))));
      }
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
