import { type RandomKey, type Tensor, withScope } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, product, sameShape, unknownName } from "../util/index.ts";
import type { LayerContext, LayerDefinition, WeightSpec } from "./definition.ts";
import { type NetworkGraph, nameLayers, type SymbolicTensor, topologicalOrder } from "./graph.ts";
import { configOf, type NetworkConfig } from "./network-config.ts";
import type { NetworkLayer, NetworkStructure } from "./structure.ts";
import { summaryOf } from "./summary.ts";
import { hash, type Weight, WeightLayout } from "./weights.ts";

export interface NetworkOptions {
  /** Default "model". */
  name?: string;
  /** Seed of the initial weights; default 0, so that a program repeats exactly. */
  seed?: number;
}

export interface ForwardOptions {
  readonly training: boolean;
  /** Random numbers of this step; layers such as dropout need it in training. */
  readonly key?: RandomKey;
}

export interface ForwardResult {
  /** [batch, ...] for each output. */
  readonly outputs: Tensor[];
  /** The non-trainable weights after this step, as a flat vector; undefined when the network has none. */
  readonly state: Tensor | undefined;
  /** All weights as tensors, by path: what to differentiate a loss by. `packParameters` makes gradients flat again. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** What each layer gave, by path; a layer used again has "path:1" and so on. For finding where a number went wrong. */
  readonly layerOutputs: Readonly<Record<string, Tensor>>;
}

/**
 * A network: layers connected from inputs to outputs, and their weights in two flat vectors. How it is trained is none of
 * its concern.
 *
 * @example
 * const network = new Network(chain([layers.dense(4, { activation: "relu", inputShape: [2] }), layers.dense(1)]));
 * console.log(network.summary());
 */
export class Network implements NetworkStructure {
  readonly name: string;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** In the order in which they are computed. */
  readonly layers: readonly NetworkLayer[];
  /** Every tensor, each after what it is computed from. */
  readonly order: readonly SymbolicTensor[];
  private readonly layout: WeightLayout;
  private readonly layerOf: ReadonlyMap<LayerDefinition, NetworkLayer>;
  private trained: Float32Array;
  private moved: Float32Array;

  /** @throws DescentError when an input is missing or unused, or two layers share a name. */
  constructor(graph: NetworkGraph, options: NetworkOptions = {}) {
    checkOptions("a network", options, ["name", "seed"]);
    this.name = options.name ?? "model";
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.order = topologicalOrder(graph.outputs);
    const names = nameLayers(this.order.map(({ origin }) => origin.layer));
    checkInputs(graph, this.order, names);
    this.layout = new WeightLayout(weightSpecs(this.order, names));
    this.layers = [...names].map(([definition, path]) => ({
      path,
      definition,
      calls: this.order.filter(({ origin }) => origin.layer === definition),
      weights: this.layout.weights.filter((weight) => weight.path.startsWith(`${path}/`)),
    }));
    this.layerOf = new Map(this.layers.map((layer) => [layer.definition, layer]));
    this.trained = new Float32Array(this.layout.parameterCount);
    this.moved = new Float32Array(this.layout.movingCount);
    this.initialize(options.seed ?? 0);
  }

  /** Every weight: its path, shape, and place in `parameters` (trainable) or `moving` (not). */
  get weights(): readonly Weight[] {
    return this.layout.weights;
  }

  /** All trainable weights, one after the other; training changes them in place. */
  get parameters(): Float32Array {
    return this.trained;
  }

  /** All other weights, such as the moving statistics of batch normalization. */
  get moving(): Float32Array {
    return this.moved;
  }

  /** Draws all weights anew; each depends on the seed and its own path only. */
  initialize(seed: number): void {
    if (!Number.isSafeInteger(seed)) fail(`the network got the seed ${seed}`, "an integer");
    this.layout.initialize(this.trained, this.moved, seed);
  }

  /** Keeps the weights in the given memory from now on (an engine's, say), their values copied into it. */
  moveTo(parameters: Float32Array, moving: Float32Array): void {
    parameters.set(this.trained);
    moving.set(this.moved);
    this.trained = parameters;
    this.moved = moving;
  }

  /** Every weight by its path, row-major: views, which follow the training and may be written to. */
  getWeights(): Record<string, Float32Array> {
    return this.layout.views(this.trained, this.moved);
  }

  /**
   * Copies values into all weights.
   *
   * @throws DescentError for a path that is missing or unknown, or a wrong number of values; nothing is copied then.
   */
  setWeights(values: Readonly<Record<string, ArrayLike<number>>>): void {
    const views = this.getWeights();
    for (const path of Object.keys(values)) if (!views[path]) unknownName("weight", path, Object.keys(views));
    for (const { path, shape, size } of this.weights) {
      const given = values[path];
      if (!given) fail(`setWeights got no values for ${path}`, "every weight of the network");
      if (given.length !== size) {
        fail(`setWeights got ${given.length} values for ${path}`, `${size}, for its shape ${formatShape(shape)}`);
      }
    }
    for (const [path, view] of Object.entries(views)) view.set(values[path] ?? []);
  }

  /**
   * The network's graph: inputs [batch, ...] through all layers.
   *
   * @param parameters the flat vector of trainable weights, @param moving that of the others (may be left out when there
   * are none).
   * @throws DescentError when an input has another shape than the network's.
   */
  forward(
    inputs: readonly Tensor[],
    parameters: Tensor,
    moving: Tensor | undefined,
    options: ForwardOptions,
  ): ForwardResult {
    const weights = {
      ...this.layout.unpack(parameters, true),
      ...(moving && this.layout.unpack(moving, false)),
    };
    const { outputs, updates, layerOutputs } = this.apply(inputs, weights, options);
    const changed = moving && Object.keys(updates).length > 0;
    const state = changed ? this.layout.pack({ ...weights, ...updates }, false) : moving;
    return { outputs, state, weights, layerOutputs };
  }

  /** As `forward`, from a tensor for every weight; `updates` are the non-trainable weights that change, by path. */
  apply(inputs: readonly Tensor[], weights: Readonly<Record<string, Tensor>>, { training, key }: ForwardOptions) {
    const tensors = new Map<SymbolicTensor, Tensor>();
    const updates: Record<string, Tensor> = {};
    const layerOutputs: Record<string, Tensor> = {};
    this.inputs.forEach((input, i) => {
      tensors.set(input, this.received(inputs, i));
    });
    for (const symbol of this.order) {
      if (tensors.has(symbol)) continue;
      const { layer: definition, inputs: sources } = symbol.origin;
      const { path, calls, weights: own } = this.layerOf.get(definition) ?? fail("a layer is not in the network");
      const call = calls.indexOf(symbol);
      const context: LayerContext = {
        training,
        get key() {
          const drawn = key?.fold(hash(path)) ?? fail(`${path} needs random numbers`, "a key in the forward options");
          return call === 0 ? drawn : drawn.fold(call);
        },
        update: (name, value) => {
          updates[`${path}/${name}`] = value;
        },
      };
      const output = withScope(path, () =>
        definition.call(
          sources.map((source) => tensors.get(source) ?? fail(`${path} has no input`)),
          Object.fromEntries(own.map((weight) => [nameIn(weight.path), tensorOf(weight.path)])),
          context,
        ),
      );
      checkOutput(path, output, symbol);
      tensors.set(symbol, output);
      layerOutputs[call === 0 ? path : `${path}:${call}`] = output;
    }
    const outputs = this.outputs.map((symbol) => tensors.get(symbol) ?? fail("an output was not computed"));
    return { outputs, updates, layerOutputs };

    function tensorOf(path: string): Tensor {
      return updates[path] ?? weights[path] ?? fail(`forward got no tensor for ${path}`, "all weights of the network");
    }
  }

  /** Tensors for every trainable weight (gradients, say) as one flat vector in the order of `parameters`. */
  packParameters(tensors: Readonly<Record<string, Tensor>>): Tensor {
    return this.layout.pack(tensors, true);
  }

  /** A table of the layers, their output shapes and numbers of parameters. */
  summary(): string {
    return summaryOf(this);
  }

  /**
   * The network's structure as JSON; `graphOf(config)` builds it again.
   *
   * @throws DescentError when a layer holds a function without a registered name.
   */
  toConfig(): NetworkConfig {
    return configOf(this);
  }

  private received(inputs: readonly Tensor[], i: number): Tensor {
    const { shape, dtype, origin } = this.inputs[i] ?? fail(`the network has no input ${i}`);
    const path = this.layerOf.get(origin.layer)?.path;
    const tensor = inputs[i] ?? fail(`the network got ${inputs.length} inputs`, `${this.inputs.length}`);
    const sample = tensor.shape.slice(1);
    if (tensor.rank !== shape.length + 1 || !sameShape(sample, shape)) {
      const fits = tensor.rank > 0 && product(sample) === product(shape);
      const single = sameShape(tensor.shape, shape);
      fail(
        `${path} received data of shape ${formatShape(tensor.shape)}`,
        `a batch of samples of shape ${formatShape(shape)}`,
        single
          ? "for one sample, add the batch: x.expandDims(0)"
          : fits
            ? `x.reshape(${formatShape([-1, ...shape])})`
            : undefined,
      );
    }
    return tensor.dtype === dtype ? tensor : tensor.cast(dtype);
  }
}

/** "kernel" of "dense_1/kernel". */
function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
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

function checkOutput(path: string, output: Tensor, { shape, origin }: SymbolicTensor): void {
  if (sameShape(output.shape.slice(1), shape)) return;
  fail(
    `${path} gave ${formatShape(output.shape)}`,
    `the batch first, then ${formatShape(shape)}`,
    `a custom ${origin.layer.kind === "lambda" ? "function must treat all batch sizes alike" : "activation must keep the shape"}`,
  );
}
