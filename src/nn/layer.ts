import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, type Shape } from "../util/index.ts";
import type { LayerContext, LayerDefinition, WeightSpec } from "./definition.ts";
import { connect, type SymbolicTensor } from "./graph.ts";
import { type InitializerSpec, resolveInitializer } from "./initializer-registry.ts";

/** A layer: apply it to symbolic tensors, or list it in `sequential([...])`. Applied twice, it shares its weights. */
export interface Layer {
  (inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
  readonly definition: LayerDefinition;
}

/** Options that every layer has. */
export interface LayerOptions {
  /** Unique in the model; default its kind and a number, such as "dense_1". */
  name?: string;
  /** Shape of one sample, without the batch; for the first layer of a sequential model. */
  inputShape?: Shape;
}

/** Names of the options that every layer has. */
const LAYER_OPTIONS: readonly string[] = ["name", "inputShape"];

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
    outputShape: (input: Shape) => Shape;
    weights?: (input: Shape) => W;
    call: (x: Tensor, weights: WeightTensors<W>, context: LayerContext) => Tensor;
  },
): Layer {
  return layerOf(recipe, {
    ...(recipe.indices !== undefined && { indices: recipe.indices }),
    outputShape: (inputs) => recipe.outputShape(only(inputs)),
    weights: (inputs) => present(recipe.weights?.(only(inputs)) ?? {}),
    call: (inputs, weights, context) => recipe.call(only(inputs), weights as WeightTensors<W>, context),
  });
}

/** A layer of several inputs and no weights, such as `add`. */
export function defineMergeLayer(
  recipe: LayerRecipe & {
    outputShape: (inputs: readonly Shape[]) => Shape;
    call: (inputs: readonly Tensor[], context: LayerContext) => Tensor;
  },
): Layer {
  return layerOf(recipe, {
    outputShape: recipe.outputShape,
    weights: () => ({}),
    call: (inputs, _, context) => recipe.call(inputs, context),
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
export function relabel(layer: Layer, kind: string, options: object & LayerOptions): Layer {
  return layerOf({ kind, options: { ...named(layer.definition), ...options } }, layer.definition);
}

function layerOf(
  { kind, options: given }: LayerRecipe,
  { indices, outputShape, weights, call }: Pick<LayerDefinition, "indices" | "outputShape" | "weights" | "call">,
): Layer {
  const { name, inputShape, ...options } = given as LayerOptions;
  const definition: LayerDefinition = {
    kind,
    ...(name !== undefined && { name: checkedName(kind, name) }),
    ...(inputShape !== undefined && { inputShape: checkedShape(kind, inputShape) }),
    ...(indices !== undefined && { indices }),
    options,
    outputShape,
    weights,
    call,
  };
  return Object.assign((inputs: SymbolicTensor | readonly SymbolicTensor[]) => connect(definition, inputs), {
    definition,
  });
}

function named({ name, inputShape }: LayerDefinition): LayerOptions {
  return { ...(name !== undefined && { name }), ...(inputShape !== undefined && { inputShape }) };
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

/** Refuses options that neither every layer nor this kind has. */
export function checkLayerOptions(kind: string, options: object, names: readonly string[] = []): void {
  checkOptions(kind, options, [...names, ...LAYER_OPTIONS]);
}
