import {
  graphOf,
  type Json,
  type LayerConfig,
  layers,
  type NetworkConfig,
  transferWeights,
  valuesOf,
  type WeightValues,
} from "../nn/index.ts";
import { checkOptions, fail, unknownName } from "../util/index.ts";
import { Model } from "./model.ts";

/** Options of {@link addLora}. */
export interface AddLoraOptions {
  /** Columns of A and rows of B; default 8 (PEFT). */
  rank?: number | undefined;
  /** The change counts alpha / rank; default `rank` (Keras). */
  alpha?: number | undefined;
  /** Paths of the layers to go around; default all dense, convolution and embedding layers. */
  layers?: readonly string[] | undefined;
}

const ADAPTABLE = /^(dense|einsumDense|embedding|conv\dd|conv\ddTranspose)$/;

/**
 * A copy of a model with {@link layers.lora} around its layers, to be fine-tuned: all else is frozen (Hu et al., 2021). It has numbers
 * of its own, and is to be compiled. Weights keep their names, and ties hold for what is frozen: each layer has a change of its own.
 *
 * @throws DescentError for unknown layers, and when a layer holds a function without a registered name.
 * @example
 * const model = sequential([layers.dense(8, { inputShape: [2] }), layers.dense(1, { activation: "sigmoid" })]);
 * const tuned = addLora(model, { rank: 2 });
 * tuned.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
 * await tuned.fit([[0, 1], [1, 0]], [[1], [0]], { verbose: 0 });
 * const merged = mergeLora(tuned);
 */
export function addLora(model: Model, options: AddLoraOptions = {}): Model {
  checkOptions("addLora", options, ["rank", "alpha", "layers"]);
  const { layers: chosen, ...lora } = options;
  const paths = model.layers.map(({ path }) => path);
  for (const path of chosen ?? []) if (!paths.includes(path)) unknownName("layer in addLora:", path, paths);
  let count = 0;
  const changed = mapLayers(model.toConfig(), "", (layer, path) => {
    if (chosen ? chosen.includes(path) : ADAPTABLE.test(layer.kind)) {
      count++;
      const given = Object.entries(lora).filter(([, value]) => value !== undefined);
      const { ties, ...own } = layer.options;
      const outside = { ...(ties !== undefined && { ties }), ...Object.fromEntries(given) };
      return { kind: "lora", options: { layer: { ...own, kind: layer.kind }, ...outside } };
    }
    const hasWeights = model.weights.some((weight) => weight.path.startsWith(`${path}/`));
    return { kind: layer.kind, options: hasWeights ? { ...layer.options, trainable: false } : layer.options };
  });
  if (count === 0) fail("addLora found no layer to go around", "dense, convolution or embedding layers");
  const tuned = made(changed, model.name);
  transferWeights(tuned, valuesOf(model), { byName: true });
  return tuned;
}

/**
 * A copy of a model with plain layers in the place of `layers.lora`, their kernels W + alpha / rank A B; nothing is frozen. Where W was
 * tied to another layer's, it no longer is.
 *
 * @throws DescentError for a model without such layers.
 */
export function mergeLora(model: Model): Model {
  const values = valuesOf(model);
  const untied = untie(model, values);
  let count = 0;
  const changed = mapLayers(model.toConfig(), "", (layer, path) => {
    const { trainable: _, ties = {}, ...options } = layer.options;
    const left = Object.entries(ties as object).filter(([name]) => !untied.has(`${path}/${name}`));
    const tied = left.length > 0 && { ties: Object.fromEntries(left) };
    if (layer.kind !== "lora") return { kind: layer.kind, options: { ...options, ...tied } };
    count++;
    const { rank = 8 } = options as { rank?: number };
    const { layer: inner, alpha = rank } = options as unknown as { layer: { kind: string }; alpha?: number };
    merge(values, path, alpha / rank);
    const { kind, ...own } = inner;
    return { kind, options: { ...own, ...tied } };
  });
  if (count === 0) fail("mergeLora got a model without LoRA layers", "what addLora gave");
  const merged = made(changed, model.name);
  transferWeights(merged, values, {});
  return merged;
}

function made(config: NetworkConfig, name: string): Model {
  return new Model(
    graphOf(config, (graph, options) => new Model(graph, options)),
    { name },
  );
}

type Changed = Pick<LayerConfig, "kind" | "options">;

/** The structure with other layers, also in models within it. */
function mapLayers(
  config: NetworkConfig,
  prefix: string,
  change: (layer: LayerConfig, path: string) => Changed,
): NetworkConfig {
  const mapped = config.layers.map((layer): LayerConfig => {
    const path = `${prefix}${layer.name}`;
    if (layer.kind !== "model") return { ...layer, ...change(layer, path) };
    const inner = layer.options["network"] as unknown as NetworkConfig;
    return { ...layer, options: { network: mapLayers(inner, `${path}/`, change) as unknown as Json } };
  });
  return { ...config, layers: mapped };
}

/** Weights that are tied, if one of both ends is about to be another: they get values of their own. Their paths. */
function untie(model: Model, values: Map<string, WeightValues>): Set<string> {
  const changed = new Set(
    model.layers
      .filter(({ definition }) => definition.kind === "lora")
      .flatMap(({ path }) => [`${path}/kernel`, `${path}/embeddings`]),
  );
  const untied = new Map<string, WeightValues>();
  for (const { path, ties } of model.layers) {
    for (const tie of ties) {
      const own = `${path}/${tie.name}`;
      if (!changed.has(own) && !changed.has(tie.path)) continue;
      const { data } = values.get(tie.path) as WeightValues;
      untied.set(own, { shape: tie.shape, data: tie.transpose ? transposed(data, tie.shape) : data });
    }
  }
  for (const [path, value] of untied) values.set(path, value);
  return new Set(untied.keys());
}

/** Numbers of [..., columns, rows] as those of [..., rows, columns], the shape given. */
function transposed(data: ArrayLike<number>, shape: readonly number[]): Float32Array {
  const [rows = 1, columns = 1] = shape.slice(-2);
  return Float32Array.from(data, (_, i) => {
    const [matrix, row, column] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
    return data[(matrix * columns + column) * rows + row] as number;
  });
}

/** Adds factor A B to a layer's kernel and takes A and B away. */
function merge(values: Map<string, WeightValues>, path: string, factor: number): void {
  const name = values.has(`${path}/kernel`) ? `${path}/kernel` : `${path}/embeddings`;
  const [kernel, a, b] = [name, `${path}/loraA`, `${path}/loraB`].map((each) => values.get(each) as WeightValues);
  if (!kernel || !a || !b) fail(`${path} lacks a weight`, "kernel, loraA and loraB");
  const [rank = 1, columns = 1] = b.shape;
  const data = Float32Array.from(kernel.data, (value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let change = 0;
    for (let r = 0; r < rank; r++)
      change += (a.data[row * rank + r] as number) * (b.data[r * columns + column] as number);
    return value + factor * change;
  });
  values.set(name, { shape: kernel.shape, data });
  values.delete(`${path}/loraA`);
  values.delete(`${path}/loraB`);
}
