import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, unknownName } from "../util/index.ts";
import { type Flow, type ForwardOptions, flow } from "./forward.ts";
import type { NetworkGraph, SymbolicTensor } from "./graph.ts";
import { configOf, type NetworkConfig } from "./network-config.ts";
import { lookupOf, type NetworkLayer, type NetworkStructure, structureOf } from "./structure.ts";
import { summaryOf } from "./summary.ts";
import type { Weight } from "./weights.ts";
import { workPerSample } from "./work.ts";

export interface NetworkOptions {
  /** Default "model". */
  name?: string | undefined;
  /** Seed of the initial weights; default 0, so that a program repeats exactly. */
  seed?: number | undefined;
}

export interface ForwardResult extends Omit<Flow, "updates"> {
  /** The non-trainable weights after this step, as a flat vector; undefined when the network has none. */
  readonly state: Tensor | undefined;
  /** All weights as tensors, by path: what to differentiate a loss by. `packParameters` makes gradients flat again. */
  readonly weights: Readonly<Record<string, Tensor>>;
}

/**
 * A network: layers connected from inputs to outputs, and their weights in two flat vectors. How it is trained is none of
 * its concern.
 *
 * @example
 * const network = new Network(chain([layers.dense(4, { activation: "relu", inputShape: [2] }), layers.dense(1)]));
 * console.log(network.summary());
 */
export class Network {
  readonly name: string;
  private readonly structure: NetworkStructure;
  private trained: Float32Array;
  private moved: Float32Array;

  /** @throws DescentError when an input is missing or unused, or two layers share a name. */
  constructor(graph: NetworkGraph, options: NetworkOptions = {}) {
    checkOptions("a network", options, ["name", "seed"]);
    this.name = options.name ?? "model";
    this.structure = structureOf(graph);
    this.trained = new Float32Array(this.layout.parameterCount);
    this.moved = new Float32Array(this.layout.movingCount);
    this.initialize(options.seed ?? 0);
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.structure.inputs;
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.structure.outputs;
  }

  /** In the order in which they are computed. */
  get layers(): readonly NetworkLayer[] {
    return this.structure.layers;
  }

  /** Every weight: its path, shape, and place in `parameters` (trainable) or `moving` (not). */
  get weights(): readonly Weight[] {
    return this.layout.weights;
  }

  /** The layer that looks up the numbers of `input`, and how many there are (0 up to, but not, `indices`); undefined when none does. */
  lookupOf(input: SymbolicTensor): { path: string; indices: number } | undefined {
    return lookupOf(this.structure, input);
  }

  /** About how many multiplications one sample takes forward; training takes three times as many. */
  get workPerSample(): number {
    return workPerSample(this.structure);
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

  /** As `forward`, from a tensor for every weight, by path. */
  apply(inputs: readonly Tensor[], weights: Readonly<Record<string, Tensor>>, options: ForwardOptions): Flow {
    return flow(this.structure, inputs, weights, options);
  }

  /** Tensors for every trainable weight (gradients, say) as one flat vector in the order of `parameters`. */
  packParameters(tensors: Readonly<Record<string, Tensor>>): Tensor {
    return this.layout.pack(tensors, true);
  }

  /** A table of the layers, their output shapes and numbers of parameters. */
  summary(): string {
    return summaryOf(this.name, this.structure);
  }

  /**
   * The network's structure as JSON; `graphOf(config)` builds it again.
   *
   * @throws DescentError when a layer holds a function without a registered name.
   */
  toConfig(): NetworkConfig {
    return configOf(this.name, this.structure);
  }

  private get layout() {
    return this.structure.layout;
  }
}
