import { randomKey, type Tensor, withScope, zeros } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, unknownName } from "../util/index.ts";
import { Callable } from "./callable.ts";
import type { LayerDefinition } from "./definition.ts";
import { type Flow, type ForwardOptions, flow } from "./forward.ts";
import { type Nested, type NetworkGraph, SymbolicTensor } from "./graph.ts";
import { checkedName } from "./layer.ts";
import { applyNested } from "./nested.ts";
import { configOf, type NetworkConfig } from "./network-config.ts";
import { type Holder, Share } from "./sharing.ts";
import { lookupOf, type NetworkLayer, NetworkStructure } from "./structure.ts";
import { summaryOf } from "./summary.ts";
import { initialValues, VECTORS, type Vectors, type Weight, type WeightLayout } from "./weights.ts";
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

/** A network is called like a layer. */
export interface Network {
  (input: SymbolicTensor): SymbolicTensor;
  (inputs: readonly SymbolicTensor[]): SymbolicTensor;
}

/** A network as a part of others: see {@link Network.connect}. */
interface NestedNetwork extends Nested {
  readonly network: Network;
}

/**
 * A network: layers connected from inputs to outputs, and their weights in flat vectors. How it is trained is none of its
 * concern. It is a layer itself: apply it to symbolic tensors. Networks that have a layer in common have its weights in
 * common.
 *
 * @example
 * const network = new Network(chain([layers.dense(4, { activation: "relu", inputShape: [2] }), layers.dense(1)]));
 * console.log(network.summary());
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: Callable makes true what the interface says
export class Network extends Callable implements Holder {
  readonly name: string;
  private readonly structure: NetworkStructure;
  private readonly seed: number;
  private readonly nested: NestedNetwork;
  private readonly share = new Share(this);
  /** The weights' numbers; made when they are needed. */
  private vectors: Vectors<Float32Array> | undefined;
  /** True once it was compiled: freezing then waits for the next time. */
  private arranged = false;
  private terms: readonly string[] | undefined;

  /** @throws DescentError when an input is missing or unused, or two layers share a name. */
  constructor(graph: NetworkGraph, options: NetworkOptions = {}) {
    super();
    checkOptions("a network", options, ["name", "seed"]);
    this.name = options.name ?? "model";
    this.seed = checkedSeed(options.seed ?? 0);
    this.structure = new NetworkStructure(graph);
    const name = this.name === "model" ? undefined : this.name;
    this.nested = { kind: "model", name, network: this, pathOf: (layer) => this.structure.pathOf(layer) };
  }

  /**
   * Applies the network as a layer; `network(inputs)` is the same. Applied twice, it shares its weights, and whatever models it
   * is in, they are also its own: what they learn, it knows. Its layers are called "NAME/dense_1" there.
   *
   * @throws DescentError for tensors that are not such as its inputs, and for a network of several outputs: see
   * {@link connectAll}.
   * @example
   * const encoder = sequential([layers.dense(3, { inputShape: [8] })], { name: "encoder" });
   * const [left, right] = [layers.input({ shape: [8] }), layers.input({ shape: [8] })];
   * const difference = layers.concatenate()([encoder(left), encoder(right)]);
   */
  connect(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const { length } = this.outputs;
    if (length !== 1) {
      fail(`a model of ${length} outputs was applied as a layer`, "one output", "use connectAll, which gives a list");
    }
    return this.connectAll(inputs)[0] as SymbolicTensor;
  }

  /** As {@link connect}, for a network of any number of outputs. */
  connectAll(inputs: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    const { name } = this.nested;
    if (name !== undefined) checkedName("model", name);
    return applyNested(this.nested, this.structure, inputs instanceof SymbolicTensor ? [inputs] : inputs);
  }

  /**
   * A network within this one, by its name.
   *
   * @throws DescentError for an unknown one, naming the nearest.
   */
  getNetwork(name: string): Network {
    const found = [...this.structure.units].flatMap(([unit, name]) =>
      "network" in unit ? [[name, (unit as NestedNetwork).network] as const] : [],
    );
    return new Map(found).get(name) ?? unknownName("model within the model", name, new Map(found).keys());
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.structure.inputs;
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.structure.outputs;
  }

  /** What data call the inputs: the names that `model` was given, else those of the input layers. */
  get inputNames(): readonly string[] {
    return this.structure.inputNames;
  }

  /** What targets, losses and results call the outputs: the names that `model` was given, else those of their layers. */
  get outputNames(): readonly string[] {
    return this.structure.outputNames;
  }

  /** In the order in which they are computed. */
  get layers(): readonly NetworkLayer[] {
    return this.structure.layers;
  }

  /**
   * A layer by its path.
   *
   * @throws DescentError for an unknown one, naming the nearest.
   */
  getLayer(path: string): NetworkLayer {
    const paths = this.layers.map((layer) => layer.path);
    return this.layers.find((layer) => layer.path === path) ?? unknownName("layer", path, paths);
  }

  /** Every weight: its path, its shape, and its place in `parameters`, `moving` or `frozen`. */
  get weights(): readonly Weight[] {
    return this.layout.weights;
  }

  /** The layer that looks up the numbers of `input`, and how many there are (0 up to, but not, `indices`); undefined when none does. */
  lookupOf(input: SymbolicTensor): { path: string; indices: number } | undefined {
    return lookupOf(this.structure, input);
  }

  /** False when all layers are frozen. Setting it freezes or thaws all of them; a model takes it up when it is compiled. */
  get trainable(): boolean {
    return this.layers.some(({ trainable, weights }) => trainable && weights.length > 0);
  }

  set trainable(trainable: boolean) {
    for (const layer of this.layers) if (layer.weights.length > 0) layer.trainable = trainable;
  }

  /** About how many multiplications one sample takes forward; training takes three times as many. */
  get workPerSample(): number {
    return workPerSample(this.structure);
  }

  /** All weights that training changes, one after the other; it changes them in place. */
  get parameters(): Float32Array {
    return this.current().parameters;
  }

  /** All weights that layers themselves change, such as the moving statistics of batch normalization. */
  get moving(): Float32Array {
    return this.current().moving;
  }

  /** All trainable weights of layers that are frozen. */
  get frozen(): Float32Array {
    return this.current().frozen;
  }

  /** Numbers of weights in each of these vectors. */
  get lengths(): Vectors<number> {
    return this.layout.lengths;
  }

  /** Draws all weights anew; each depends on the seed and its own path only. */
  initialize(seed: number): void {
    checkedSeed(seed);
    const views = this.layout.views(this.held());
    for (const weight of this.weights) views[weight.path]?.set(initialValues(weight, seed));
    this.changed();
  }

  /** Samples in every batch of a network whose layers go on from batch to batch; undefined for all others. */
  get statefulBatch(): number | undefined {
    return this.layers.find(({ definition }) => definition.stateful !== undefined)?.definition.stateful;
  }

  /** Gives the states that stateful layers carry from batch to batch their first values, zeros. */
  resetStates(): void {
    const views = this.getWeights();
    for (const { path, carried } of this.weights) if (carried) views[path]?.fill(0);
    this.changed();
  }

  /** Keeps the weights in the given memory from now on (an engine's, say), their values copied into it. */
  moveTo(vectors: Vectors<Float32Array>): void {
    const held = this.held();
    for (const name of VECTORS) vectors[name].set(held[name]);
    this.vectors = vectors;
  }

  /** True while the weights are kept in that memory. */
  isIn({ parameters, moving, frozen }: Vectors<Float32Array>): boolean {
    const { vectors } = this;
    return vectors?.parameters === parameters && vectors.moving === moving && vectors.frozen === frozen;
  }

  /** Every weight by its path, row-major: views, which follow the training and may be written to. */
  getWeights(): Record<string, Float32Array> {
    return this.layout.views(this.current());
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

  /** False; a model is busy while it is trained. */
  get busy(): boolean {
    return false;
  }

  /** The numbers of one of its layers, by name, for other networks that have the layer. */
  numbersOf(definition: LayerDefinition): Record<string, Float32Array> {
    const layer = this.layers.find((each) => each.definition === definition);
    const views = this.layout.views(this.held());
    const own = layer?.weights.map(({ path }) => [path.slice(layer.path.length + 1), views[path]] as const) ?? [];
    return Object.fromEntries(own.filter((entry): entry is [string, Float32Array] => entry[1] !== undefined));
  }

  /**
   * The network's graph: inputs [batch, ...] through all layers.
   *
   * @param parameters the flat vector of trained weights, @param moving that of moving ones (may be left out when there are
   * none); that of frozen weights is among the options.
   * @throws DescentError when an input has another shape than the network's.
   */
  forward(
    inputs: readonly Tensor[],
    parameters: Tensor,
    moving: Tensor | undefined,
    options: ForwardOptions,
  ): ForwardResult {
    const { layout } = this;
    const weights = {
      ...layout.unpack(parameters, "parameters"),
      ...(moving && layout.unpack(moving, "moving")),
      ...(options.frozen && layout.unpack(options.frozen, "frozen")),
    };
    const { outputs, masks, updates, losses, layerOutputs, known } = this.apply(inputs, weights, options);
    const changed = moving && Object.keys(updates).length > 0;
    const state = changed ? layout.pack({ ...weights, ...updates }, "moving") : moving;
    return {
      outputs,
      masks,
      state,
      weights,
      losses: { ...losses, ...penalties(layout, weights, losses) },
      layerOutputs,
      known,
    };
  }

  /** As `forward`, from a tensor for every weight, by path. */
  apply(inputs: readonly Tensor[], weights: Readonly<Record<string, Tensor>>, options: ForwardOptions): Flow {
    return flow(this.structure, inputs, weights, options);
  }

  /** Tensors for every trained weight (gradients, say) as one flat vector in the order of `parameters`. */
  packParameters(tensors: Readonly<Record<string, Tensor>>): Tensor {
    return this.layout.pack(tensors, "parameters");
  }

  /** Names of what layers and regularizers add to the loss. */
  get lossTerms(): readonly string[] {
    this.terms ??= this.tracedTerms();
    return this.terms;
  }

  /** A table of the layers, their output shapes and numbers of parameters. */
  summary(): string {
    return summaryOf(this.name, this.structure);
  }

  /** What Node's console shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.summary();
  }

  /**
   * The network's structure as JSON; `graphOf(config)` builds it again.
   *
   * @throws DescentError when a layer holds a function without a registered name.
   */
  toConfig(): NetworkConfig {
    if (!this.arranged) this.rearrange();
    return configOf(this.name, this.structure, (layer) => this.structure.trains(layer));
  }

  /** Its structure within a file of another network, with that one's frozen layers. */
  configWith(trains: (layer: LayerDefinition) => boolean): NetworkConfig {
    return configOf(this.name, this.structure, trains);
  }

  /** Takes up which layers are frozen, and keeps to that until it is called again. */
  protected arrange(): void {
    this.rearrange();
    this.arranged = true;
    this.terms = undefined;
  }

  /** Notes that the weights have changed, or are about to. */
  protected changed(): void {
    this.held();
    for (const { definition, weights } of this.layers) if (weights.length > 0) this.share.changed(definition);
  }

  /** Other networks whose numbers for common layers are newer. */
  protected newer(): Holder[] {
    const holders = this.layers.map(({ definition, weights }) =>
      weights.length > 0 ? this.share.newerOf(definition) : undefined,
    );
    return [...new Set(holders.filter((holder) => holder !== undefined))];
  }

  /** Copies of the numbers that `holder` has newer ones of; {@link take} puts them in their places. */
  protected copiesFrom(holder: Holder): Map<NetworkLayer, Record<string, Float32Array>> {
    const stale = this.layers.filter(({ definition }) => this.share.newerOf(definition) === holder);
    return new Map(
      stale.map((layer) => {
        const numbers = Object.entries(holder.numbersOf(layer.definition));
        return [layer, Object.fromEntries(numbers.map(([name, values]) => [name, values.slice()]))];
      }),
    );
  }

  protected take(copies: ReadonlyMap<NetworkLayer, Readonly<Record<string, Float32Array>>>): void {
    const views = this.layout.views(this.held());
    for (const [layer, numbers] of copies) {
      for (const [name, values] of Object.entries(numbers)) views[`${layer.path}/${name}`]?.set(values);
      this.share.copied(layer.definition);
    }
  }

  private get layout() {
    if (!this.arranged) this.rearrange();
    return this.structure.layout;
  }

  /** The numbers, newest ones; who asks may change them. */
  private current(): Vectors<Float32Array> {
    const held = this.held();
    for (const holder of this.newer()) this.take(this.copiesFrom(holder));
    this.changed();
    return held;
  }

  /** The numbers, as they are here. */
  private held(): Vectors<Float32Array> {
    const { layout } = this;
    if (this.vectors) return this.vectors;
    this.vectors = layout.allocate();
    const views = layout.views(this.vectors);
    for (const { definition, weights } of this.layers) {
      if (weights.length === 0 || this.share.known(definition)) continue; // will be copied
      const { seed, path } = this.originOf(definition);
      for (const weight of weights) {
        const name = weight.path.slice(this.structure.pathOf(definition).length);
        views[weight.path]?.set(initialValues(weight, seed, path + name));
      }
      this.share.changed(definition);
    }
    return this.vectors;
  }

  /** The seed and path that a layer's first numbers are drawn from: those of the network that it is from. */
  private originOf(definition: LayerDefinition): { seed: number; path: string } {
    const nested = this.structure.nestedOf(definition) as NestedNetwork | undefined;
    return nested?.network.originOf(definition) ?? { seed: this.seed, path: this.structure.pathOf(definition) };
  }

  private rearrange(): void {
    const { vectors } = this;
    const before = vectors && this.structure.layout.views(vectors);
    if (!this.structure.arrange() || !before) return;
    this.vectors = this.structure.layout.allocate();
    const after = this.structure.layout.views(this.vectors);
    for (const [path, view] of Object.entries(after)) view.set(before[path] ?? []);
  }

  /** Builds the graph for a batch of two, computing nothing, to see what is added to the loss. */
  private tracedTerms(): string[] {
    const { lengths } = this.layout;
    const vector = (length: number) => (length > 0 ? zeros([length]) : undefined);
    const inputs = this.inputs.map(({ shape, dtype }) => zeros([2, ...shape]).cast(dtype));
    const { losses } = this.forward(inputs, zeros([Math.max(1, lengths.parameters)]), vector(lengths.moving), {
      training: true,
      key: randomKey(0),
      frozen: vector(lengths.frozen),
    });
    return Object.keys(losses);
  }
}

/** What regularizers say of the weights that are trained, added to what they said of layers' outputs. */
function penalties(
  layout: WeightLayout,
  weights: Readonly<Record<string, Tensor>>,
  losses: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const found = layout.of("parameters").flatMap(({ path, regularizer }) => {
    const weight = weights[path];
    return regularizer && weight ? [withScope(`${path}/regularizer`, () => regularizer(weight))] : [];
  });
  const { regularization } = losses;
  const all = regularization ? [regularization, ...found] : found;
  return all.length > 0 ? { regularization: all.reduce((sum, penalty) => sum.add(penalty)) } : {};
}

function checkedSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  fail(`the network got the seed ${seed}`, "an integer");
}
