import { fail } from "../util/index.ts";
import { SymbolicTensor } from "./graph.ts";
import { provideMaker } from "./inner-layer.ts";
import { type Layer, type LayerOptions, relabel } from "./layer.ts";
import * as layers from "./layers/index.ts";
import { Registry } from "./registry.ts";

/** Makes a layer from a record of options, as a saved model or a JSON file has it. */
type FromOptions = (options: Record<string, unknown>) => Layer | SymbolicTensor;

/** A factory as programs call it. `positional` names what stands before its options, if anything does. */
type Factory = ((...values: never[]) => Layer | SymbolicTensor) & { readonly positional?: readonly string[] };

/** A factory called with one record of everything. */
function fromOptions(factory: Factory): FromOptions {
  const first = factory.positional ?? [];
  return (options) => {
    const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !first.includes(name)));
    return factory(...([...first.map((name) => options[name]), rest] as never[]));
  };
}

const factories: Readonly<Record<string, Factory>> = layers;

export const layerRegistry = new Registry<FromOptions>(
  "layer",
  Object.fromEntries(Object.entries(factories).map(([name, factory]) => [name, fromOptions(factory)])),
);

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

/** What a factory of layers is called with: its options, which may be left out where each of them may. */
type LayerArguments<Options> = Record<never, never> extends Options ? [options?: Options] : [options: Options];

/**
 * Names a custom layer, so that models with it can be saved and loaded. Build the layer with the factory this returns.
 *
 * @example
 * const double = registerLayer("double", () => layers.lambda((x) => x.mul(2)));
 * const network = sequential([layers.dense(4, { inputShape: [2] }), double()]);
 */
export function registerLayer<Options extends LayerOptions | undefined = LayerOptions>(
  name: string,
  factory: (options: Options) => Layer,
): (...options: LayerArguments<NonNullable<Options>>) => Layer {
  const named = (options = {} as Options) => relabel(factory(options), name, options ?? {});
  layerRegistry.register(name, named as FromOptions);
  return named;
}

provideMaker(createLayer);

/** The built-in layers' kinds. */
export const layerNames: readonly string[] = layerRegistry.names;
