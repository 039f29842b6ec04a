import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, type Shape, show } from "../util/index.ts";
import { checkFlag } from "./checks.ts";
import type { LayerContext, LayerDefinition, LowRank, Stepwise, WeightSpec } from "./definition.ts";
import { connect, type SymbolicTensor } from "./graph.ts";
import { type InitializerSpec, resolveInitializer } from "./initializer-registry.ts";
import { type Tie, tiesFrom } from "./ties.ts";
import { isWeightRule, type WeightRules, withRules } from "./weight-rules.ts";

/** A layer: apply it to symbolic tensors, or list it in `sequential([...])`. Applied twice, it shares its weights. */
export interface Layer {
  (inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
  readonly definition: LayerDefinition;
  /**
   * False: frozen; training changes none of its weights. Default true. May be set at any time; a model takes it up when it
   * is compiled (Keras).
   */
  trainable: boolean;
}

/** Options that every layer has. */
export interface LayerOptions extends WeightRules {
  /** Unique in the model; default its kind and a number, such as "dense_1". */
  name?: string;
  /** Shape of one sample, without the batch; for the first layer of a sequential model. */
  inputShape?: Shape;
  /** False: the layer begins frozen; default true. */
  trainable?: boolean;
  /**
   * Weights that are those of another layer of the model, by name: `ties: { kernel: { layer: tokens, weight: "embeddings",
   * transpose: true } }`. Both layers' gradients train it, as that layer is trained; default none.
   */
  ties?: Readonly<Record<string, Tie>>;
}

/** Names of the options that every layer has. */
const LAYER_OPTIONS: readonly string[] = ["name", "inputShape", "trainable", "ties"];

type WeightSpecs = Readonly<Record<string, WeightSpec | undefined>>;

type WeightTensors<W> = { readonly [K in keyof W]: W[K] extends WeightSpec ? Tensor : Tensor | undefined };

interface LayerRecipe {
  /** The factory's name. */
  kind: string;
  /** Everything the factory was given, `name` and `inputShape` among it. */
  options: object;
}

/**
 * A layer of one input.
 *
 * @example
 * const scale = registerLayer("scale", (options: LayerOptions = {}) =>
 *   defineLayer({
 *     kind: "scale",
 *     options,
 *     outputShape: (input) => input,
 *     weights: (input) => ({ factor: trainable(input, "ones") }),
 *     call: (x, { factor }) => x.mul(factor),
 *   }),
 * );
 */
export function defineLayer<W extends WeightSpecs = Record<never, never>>(
  recipe: LayerRecipe & {
    /** Inputs are whole numbers from 0 up to, but not, this: what an embedding can look up. */
    indices?: number;
    /** It can be given a sequence part by part: it treats all places alike, or asks `context.past` for the others. */
    stepwise?: Stepwise;
    /** Which places of the output count; default as in {@link LayerDefinition.mask}. */
    mask?: (x: Tensor, mask: Tensor | undefined) => Tensor | undefined;
    /** Its input is a text, as the 64 bits of its hash, uint32 [batch, ..., 2]. */
    texts?: boolean;
    outputShape: (input: Shape) => Shape;
    weights?: (input: Shape) => W;
    call: (x: Tensor, weights: WeightTensors<W>, context: LayerContext) => Tensor;
    /** As in {@link LayerDefinition.callChanged}. */
    callChanged?:
      | ((x: Tensor, weights: WeightTensors<W>, change: LowRank, context: LayerContext) => Tensor)
      | undefined;
  },
): Layer {
  const { callChanged } = recipe;
  return layerOf(recipe, {
    ...(callChanged && {
      callChanged: ([x], weights, change, context) =>
        callChanged(x as Tensor, weights as WeightTensors<W>, change, context),
    }),
    ...(recipe.indices !== undefined && { indices: recipe.indices }),
    ...(recipe.stepwise !== undefined && { stepwise: recipe.stepwise }),
    ...(recipe.mask && { mask: ([x], [mask]) => recipe.mask?.(x as Tensor, mask) }),
    ...(recipe.texts !== undefined && { texts: recipe.texts }),
    outputShape: (inputs) => recipe.outputShape(only(inputs)),
    weights: (inputs) => present(recipe.weights?.(only(inputs)) ?? {}),
    call: (inputs, weights, context) => recipe.call(only(inputs), weights as WeightTensors<W>, context),
  });
}

/** A layer of several inputs, such as `add` or attention. */
export function defineMergeLayer<W extends WeightSpecs = Record<never, never>>(
  recipe: LayerRecipe & {
    /** As for {@link defineLayer}. */
    stepwise?: Stepwise;
    mask?: LayerDefinition["mask"];
    /** See {@link LayerDefinition}. */
    stateful?: number;
    /** As for {@link defineLayer}. */
    texts?: boolean;
    outputShape: (inputs: readonly Shape[]) => Shape;
    weights?: (inputs: readonly Shape[]) => W;
    call: (inputs: readonly Tensor[], weights: WeightTensors<W>, context: LayerContext) => Tensor;
  },
): Layer {
  return layerOf(recipe, {
    ...(recipe.stepwise !== undefined && { stepwise: recipe.stepwise }),
    ...(recipe.mask && { mask: recipe.mask }),
    ...(recipe.stateful !== undefined && { stateful: recipe.stateful }),
    ...(recipe.texts !== undefined && { texts: recipe.texts }),
    outputShape: recipe.outputShape,
    weights: (inputs) => present(recipe.weights?.(inputs) ?? {}),
    call: (inputs, weights, context) => recipe.call(inputs, weights as WeightTensors<W>, context),
  });
}

/** A weight that training changes. */
export function trainable(shape: Shape, initializer: InitializerSpec): WeightSpec {
  return { shape, initializer: resolveInitializer(initializer), trainable: true };
}

/** A weight that only the layer itself changes, through `context.update`. */
export function moving(shape: Shape, initializer: InitializerSpec): WeightSpec {
  return { shape, initializer: resolveInitializer(initializer), trainable: false };
}

/** The same layer under another kind and other options: those of the registered factory that made it. */
export function relabel(layer: Layer, kind: string, given: object & LayerOptions): Layer {
  const { options, ...common } = commonOptions(kind, given);
  return layerFrom({ ...layer.definition, ...common, kind, options });
}

function layerOf(
  { kind, options: given }: LayerRecipe,
  parts: Omit<LayerDefinition, "kind" | "options" | "trainable" | "name" | "inputShape" | "ties">,
): Layer {
  const common = commonOptions(kind, given);
  return layerFrom({ kind, trainable: true, ...common, ...parts, ...withRules(common.options, parts) });
}

/** A layer's options, those that every layer has set apart; of these only what was given. */
function commonOptions(kind: string, given: object) {
  const { name, inputShape, trainable, ties, ...options } = given as LayerOptions;
  return {
    ...(name !== undefined && { name: checkedName(kind, name) }),
    ...(inputShape !== undefined && { inputShape: checkedShape(kind, inputShape) }),
    ...(trainable !== undefined && { trainable: checkedFlag(kind, trainable) }),
    ...(ties !== undefined && { ties: tiesFrom(kind, ties, options) }),
    options: options as Readonly<Record<string, unknown>>,
  };
}

function layerFrom(definition: LayerDefinition): Layer {
  const layer = (inputs: SymbolicTensor | readonly SymbolicTensor[]) => connect(definition, inputs);
  return Object.defineProperty(Object.assign(layer, { definition, trainable: definition.trainable }), "trainable", {
    get: () => definition.trainable,
    set: (trainable: unknown) => {
      definition.trainable = checkedFlag(definition.kind, trainable);
    },
  });
}

function checkedFlag(kind: string, trainable: unknown): boolean {
  if (typeof trainable === "boolean") return trainable;
  fail(`a ${kind} layer got trainable = ${show(trainable)}`, "true or false");
}

/** Refuses a sample shape that is not a list of positive integers. */
export function checkedShape(where: string, shape: unknown): Shape {
  if (Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size > 0)) return [...shape];
  const found = Array.isArray(shape) ? formatShape(shape) : String(shape);
  fail(`${where} got the sample shape ${found}`, "positive integers, without the batch, such as [28, 28, 1]");
}

/** Refuses a layer name that a path such as "dense_1/kernel" could not hold. */
export function checkedName(kind: string, name: unknown): string {
  if (typeof name === "string" && /^[^/:\s]+$/.test(name)) return name;
  fail(`a ${kind} layer got the name ${JSON.stringify(name)}`, "a text without spaces, slashes and colons");
}

function only<T>(inputs: readonly T[]): T {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    fail(`received ${inputs.length} inputs`, "one", "combine them with layers.add() or layers.concatenate() before it");
  }
  return input;
}

function present(weights: WeightSpecs): Record<string, WeightSpec> {
  return Object.fromEntries(Object.entries(weights).filter((entry): entry is [string, WeightSpec] => !!entry[1]));
}

/** Options that are true or false in whatever layer has them. */
const FLAGS = [
  ...["antialias", "causal", "center", "cropToAspectRatio", "invert", "keepdims", "mask", "maskZero", "normalize"],
  ...["normalizeFirst", "padToAspectRatio", "useBias", "useScale"],
];

/** Refuses options that neither every layer nor this kind has, and flags that are none. */
export function checkLayerOptions(kind: string, options: object, names: readonly string[] = []): void {
  checkOptions(kind, options, [...names, ...LAYER_OPTIONS, ...Object.keys(options).filter(isWeightRule)]);
  for (const [name, value] of Object.entries(options)) {
    if (FLAGS.includes(name) && value !== undefined) checkFlag(kind, name, value);
  }
}
