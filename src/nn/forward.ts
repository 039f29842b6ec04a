import { givenTensor, type RandomKey, type Tensor, withScope } from "../tensor/index.ts";
import { fail, formatShape, inName, product, type Shape, sameShape } from "../util/index.ts";
import type { LayerContext, LayerDefinition, Past } from "./definition.ts";
import type { SymbolicTensor } from "./graph.ts";
import { type Changes, Known, type RunLayers } from "./known.ts";
import { computeAgain, segmentsOf } from "./recompute.ts";
import { type NetworkLayer, type NetworkStructure, referenceTo } from "./structure.ts";
import { tiedTensor } from "./ties.ts";
import { hash } from "./weights.ts";

export interface ForwardOptions {
  readonly training: boolean;
  /** Random numbers of this step; layers such as dropout need it in training. */
  readonly key?: RandomKey | undefined;
  /** The flat vector of frozen weights; may be left out when there are none. */
  readonly frozen?: Tensor | undefined;
  /** Set when one input is but the next places of sequences. */
  readonly step?: Step | undefined;
  /**
   * Segments of the network, about as many layers each, whose gradients compute again what is inside of them; 0, the default, for none,
   * Infinity for the root of the number of layers. The last segment and outputs are kept.
   */
  readonly recompute?: number | undefined;
}

/** Some places of sequences that grow. */
export interface Step {
  /** What depends on the input that grows, and so is computed now; other inputs are not looked at. */
  readonly grows: ReadonlySet<SymbolicTensor>;
  /** What does not, and has been computed before. */
  readonly settled: Known;
  /** What a layer gets in one use, and what it knows of the places before. @throws DescentError when it can't go part by part. */
  received(
    layer: NetworkLayer,
    symbol: SymbolicTensor,
    reference: string,
    known: Known,
  ): Received & { readonly past: Past };
}

/** Inputs of a layer, and which of their places count. */
export interface Received {
  readonly given: readonly Tensor[];
  readonly seen: readonly (Tensor | undefined)[];
}

export interface Flow {
  /** [batch, ...] for each output. */
  readonly outputs: Tensor[];
  /** For each output 1 for places that count and 0 for padded ones, [batch, ...]; undefined where all do. */
  readonly masks: (Tensor | undefined)[];
  /** The non-trainable weights that this step changes, by path. */
  readonly updates: Readonly<Record<string, Tensor>>;
  /** What layers add to the loss, by name: a number for the batch each. */
  readonly losses: Readonly<Record<string, Tensor>>;
  /** What each layer gave, by path; a layer used again has "path:1" and so on. For finding where a number went wrong. */
  readonly layerOutputs: Readonly<Record<string, Tensor>>;
  /** Everything that was computed. */
  readonly known: Known;
}

/** Builds the graph of all layers: inputs [batch, ...] and a tensor for every weight, by path. */
export function flow(
  structure: NetworkStructure,
  inputs: readonly Tensor[],
  weights: Readonly<Record<string, Tensor>>,
  options: ForwardOptions,
): Flow {
  const changes: Changes = { updates: {}, losses: {} };
  const layerOutputs: Record<string, Tensor> = {};
  const { step } = options;
  const known = new Known(step?.settled);
  structure.inputs.forEach((input, i) => {
    if (!step || step.grows.has(input)) known.tensors.set(input, received(structure, inputs, i, step !== undefined));
  });
  const run: RunLayers = (symbols, known, changes) => {
    for (const symbol of symbols) {
      if (step && !step.grows.has(symbol)) continue;
      const output = apply(structure, symbol, known, weights, options, changes);
      const layer = structure.layerOf(symbol);
      layerOutputs[referenceTo(layer.path, layer.calls.indexOf(symbol))] = output;
    }
  };
  for (const { symbols, again } of segmentsOf(structure, options.recompute ?? 0)) {
    if (again) computeAgain(structure, symbols, known, changes, run);
    else run(symbols, known, changes);
  }
  return {
    outputs: structure.outputs.map((symbol) => known.tensorOf(symbol)),
    masks: structure.outputs.map((symbol) => known.masks.get(symbol)),
    ...changes,
    layerOutputs,
    known,
  };
}

/** One use of a layer: what it gives is known afterwards. */
function apply(
  structure: NetworkStructure,
  symbol: SymbolicTensor,
  known: Known,
  weights: Readonly<Record<string, Tensor>>,
  options: ForwardOptions,
  changes: Changes,
): Tensor {
  const layer = structure.layerOf(symbol);
  const call = layer.calls.indexOf(symbol);
  const { step } = options;
  const at = (path: string) =>
    changes.updates[path] ?? weights[path] ?? fail(`there is no tensor for the weight ${path}`);
  const own = layer.weights.map(({ path }) => [path.slice(layer.path.length + 1), at(path)] as const);
  const work = () => {
    const { given, seen, past } = step
      ? step.received(layer, symbol, referenceTo(layer.path, call), known)
      : { ...receivedBy(symbol, known), past: undefined };
    const tied = layer.ties.map((tie) => [tie.name, tiedTensor(at(tie.path), tie)] as const);
    const all = Object.fromEntries([...own, ...tied]);
    return {
      output: layer.definition.call(given, all, contextOf(layer, call, options, changes, seen, past)),
      mask: maskOf(layer.definition, given, seen),
    };
  };
  const { output, mask } = inName(
    () => layer.path,
    () => withScope(layer.path, work),
  );
  checkOutput(layer, output, symbol, step !== undefined);
  known.tensors.set(symbol, output);
  if (mask) known.masks.set(symbol, mask);
  return output;
}

/** What a layer gets in one use. */
export function receivedBy({ origin }: SymbolicTensor, known: Known): Received {
  return {
    given: origin.inputs.map((input) => known.tensorOf(input)),
    seen: origin.inputs.map((input) => known.masks.get(input)),
  };
}

/** What a layer sees in one use: random numbers of its own, and a place for the weights that it changes. */
function contextOf(
  { path, weights, trains }: NetworkLayer,
  call: number,
  { training, key }: ForwardOptions,
  { updates, losses }: Changes,
  masks: LayerContext["masks"] & object,
  past: Past | undefined,
): LayerContext {
  return {
    training,
    ...(masks.some((mask) => mask !== undefined) && { masks }),
    trainable: trains,
    past,
    get key() {
      const drawn = key?.fold(hash(path)) ?? fail(`${path} needs random numbers`, "a key in the forward options");
      return call === 0 ? drawn : drawn.fold(call);
    },
    update(name, value) {
      const weight = weights.find((weight) => weight.path === `${path}/${name}`);
      if (weight?.vector !== "moving") fail(`${path} updates ${name}`, "the name of one of its moving weights");
      updates[weight.path] = value;
    },
    addLoss(value, name = path) {
      if (value.rank > 1) {
        fail(`${path} adds a loss of shape ${formatShape(value.shape)}`, "one number, or one for each sample: [batch]");
      }
      const mean = value.rank === 1 ? value.mean() : value;
      losses[name] = losses[name]?.add(mean) ?? mean;
    },
  };
}

/** Which places of a layer's output count. */
function maskOf(
  { mask, stepwise }: LayerDefinition,
  inputs: readonly Tensor[],
  masks: readonly (Tensor | undefined)[],
): Tensor | undefined {
  return mask ? mask(inputs, masks) : stepwise ? masks[0] : undefined;
}

/** The i-th input, its shape checked and its type converted. */
function received(structure: NetworkStructure, inputs: readonly Tensor[], i: number, partly: boolean): Tensor {
  const input = structure.inputs[i] ?? fail(`the network has no input ${i}`);
  const { shape, dtype } = input;
  const tensor = inputs[i] ?? fail(`the network got ${inputs.length} inputs`, `${structure.inputs.length}`);
  if (tensor.rank !== shape.length + 1 || !sameSample(tensor.shape.slice(1), shape, partly)) {
    fail(
      `${structure.layerOf(input).path} received data of shape ${formatShape(tensor.shape)}`,
      `a batch of samples of shape ${formatShape(shape)}`,
      inputFix(tensor, input),
    );
  }
  return tensor.dtype === dtype ? tensor : tensor.cast(dtype);
}

function inputFix(tensor: Tensor, { shape }: SymbolicTensor): string | undefined {
  if (sameShape(tensor.shape, shape)) return "for one sample, add the batch: x.expandDims(0)";
  const fits = tensor.rank > 0 && product(tensor.shape.slice(1)) === product(shape);
  return fits ? `x.reshape(${formatShape([-1, ...shape])})` : undefined;
}

/** Equal shapes; of parts of sequences all but the number of places. */
function sameSample(a: Shape, b: Shape, partly: boolean): boolean {
  return sameShape(partly ? a.slice(1) : a, partly ? b.slice(1) : b);
}

function checkOutput(
  { path, definition }: NetworkLayer,
  output: Tensor,
  { shape }: SymbolicTensor,
  partly: boolean,
): void {
  if (sameSample(givenTensor(output, path).shape.slice(1), shape, partly)) return;
  fail(
    `${path} gave ${formatShape(output.shape)}`,
    `the batch first, then ${formatShape(shape)}`,
    definition.kind === "lambda" ? "treat all batch sizes alike" : "outputShape must say what call gives",
  );
}
