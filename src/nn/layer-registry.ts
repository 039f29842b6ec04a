import { fail } from "../util/index.ts";
import { SymbolicTensor } from "./graph.ts";
import { type Layer, type LayerOptions, relabel } from "./layer.ts";
import * as layers from "./layers/index.ts";
import { Registry } from "./registry.ts";

/** Makes a layer from a record of options, as a saved model or a JSON file has it. */
type FromOptions = (options: Record<string, unknown>) => Layer | SymbolicTensor;

/** A factory as it is written in programs, called with a record: the values named `first` go before the other options. */
function fromOptions(factory: (...values: never[]) => Layer | SymbolicTensor, ...first: string[]): FromOptions {
  return (options) => {
    const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !first.includes(name)));
    return factory(...([...first.map((name) => options[name]), rest] as never[]));
  };
}

export const layerRegistry = new Registry<FromOptions>("layer", {
  activation: fromOptions(layers.activation, "activation"),
  add: fromOptions(layers.add),
  averagePooling1d: fromOptions(layers.averagePooling1d),
  averagePooling2d: fromOptions(layers.averagePooling2d),
  batchNormalization: fromOptions(layers.batchNormalization),
  concatenate: fromOptions(layers.concatenate),
  conv1d: fromOptions(layers.conv1d, "filters", "kernelSize"),
  conv2d: fromOptions(layers.conv2d, "filters", "kernelSize"),
  dense: fromOptions(layers.dense, "units"),
  dropout: fromOptions(layers.dropout, "rate"),
  flatten: fromOptions(layers.flatten),
  globalAveragePooling1d: fromOptions(layers.globalAveragePooling1d),
  globalAveragePooling2d: fromOptions(layers.globalAveragePooling2d),
  globalMaxPooling1d: fromOptions(layers.globalMaxPooling1d),
  globalMaxPooling2d: fromOptions(layers.globalMaxPooling2d),
  input: fromOptions(layers.input),
  lambda: fromOptions(layers.lambda, "function"),
  maxPooling1d: fromOptions(layers.maxPooling1d),
  maxPooling2d: fromOptions(layers.maxPooling2d),
  reshape: fromOptions(layers.reshape, "targetShape"),
});

/**
 * A layer from its kind and one record of all its options; what JSON files and saved models hold.
 *
 * @example
 * createLayer("dense", { units: 10, activation: "softmax" }); // layers.dense(10, { activation: "softmax" })
 *
 * @throws DescentError for an unknown kind (with the nearest known one) or unknown options.
 */
export function createLayer(kind: string, options: Record<string, unknown> = {}): Layer {
  const layer = layerRegistry.get(kind)(options);
  if (layer instanceof SymbolicTensor)
    fail('createLayer got "input"', "a layer that has weights or computes something");
  return layer;
}

/**
 * Names a custom layer, so that models with it can be saved and loaded. Build the layer with the factory this returns.
 *
 * @example
 * const double = registerLayer("double", () => layers.lambda((x) => x.mul(2)));
 * const network = sequential([layers.dense(4, { inputShape: [2] }), double()]);
 */
export function registerLayer<Options extends object & LayerOptions>(
  name: string,
  factory: (options: Options) => Layer,
): (options?: Options) => Layer {
  const named = (options: Options = {} as Options) => relabel(factory(options), name, options);
  layerRegistry.register(name, named as FromOptions);
  return named;
}

/** The built-in layers' kinds. */
export const layerNames: readonly string[] = layerRegistry.names;
