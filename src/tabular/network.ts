import { createLayer, layers, type SymbolicTensor } from "../nn/index.ts";
import { type Model, model } from "../train/index.ts";
import { fail } from "../util/index.ts";
import { numbersWidth } from "./encode.ts";
import { pieceLayers } from "./pieces.ts";
import type { Recipe, RecipeColumn } from "./recipe.ts";

/** The model's inputs, and one vector of all features. */
export interface FeatureLayers {
  readonly inputs: SymbolicTensor[];
  /** [batch, features]. */
  readonly features: SymbolicTensor;
  /** The same without pieces of numbers: what a linear model gets, and the way beside hidden layers. */
  readonly linear: SymbolicTensor;
}

/** Inputs for what `encodeRows` gives, and the layers that turn words into numbers. */
export function featureLayers(recipe: Recipe): FeatureLayers {
  const width = numbersWidth(recipe);
  const inputs = width > 0 ? [layers.input({ shape: [width], name: "numbers" })] : [];
  const parts: SymbolicTensor[] = [...inputs];
  for (const column of recipe.columns) {
    if (column.input === "numbers") continue;
    const { input, feature } = wordLayers(column);
    inputs.push(input);
    parts.push(feature);
  }
  const [first] = parts;
  const linear = parts.length > 1 ? layers.concatenate()(parts) : (first as SymbolicTensor);
  const pieces = first && pieceLayers(first, recipe);
  return { inputs, linear, features: pieces ? layers.concatenate()([linear, pieces]) : linear };
}

function wordLayers({ input: name, feature }: RecipeColumn): { input: SymbolicTensor; feature: SymbolicTensor } {
  const shape = [feature.kind === "words" ? feature.length : 1];
  const input = layers.input({ shape, dtype: "string", name });
  if (feature.kind === "words") {
    const { vocabulary } = feature;
    if (vocabulary)
      return {
        input,
        feature: layers.stringLookup({ vocabulary, numOovIndices: 0, outputMode: "multiHot" })(input),
      };
    return { input, feature: layers.hashing(feature.bins, { maskValue: "", outputMode: "multiHot" })(input) };
  }
  if (feature.kind === "hash" && feature.dimension === 0)
    return { input, feature: layers.hashing(feature.bins, { outputMode: "oneHot" })(input) };
  if (feature.kind === "hash")
    return { input, feature: vectors(layers.hashing(feature.bins)(input), feature.bins, feature.dimension) };
  if (feature.kind !== "category") throw new Error("numbers have no words");
  const { vocabulary, dimension } = feature;
  if (dimension === 0) return { input, feature: layers.stringLookup({ vocabulary, outputMode: "oneHot" })(input) };
  return { input, feature: vectors(layers.stringLookup({ vocabulary })(input), vocabulary.length + 1, dimension) };
}

function vectors(places: SymbolicTensor, words: number, dimension: number): SymbolicTensor {
  return layers.flatten()(layers.embedding(words, dimension)(places));
}

/** What a network is made by. */
export interface NetworkOptions {
  /** Units of the hidden layers, in order; none makes a linear model. */
  readonly hidden: readonly number[];
  /** Share of the units that are left out at random in each step, behind each hidden layer. */
  readonly dropout: number;
  readonly seed: number;
  /** Of the model; default "model". */
  readonly name?: string;
}

/**
 * The model for a table: hidden layers beside a linear way from the features to the output (Cheng et al., 2016: wide and deep), so that what
 * is linear need not be learned twice. A regression's output is in the target's units.
 *
 * @example
 * writeFileSync("rents.csv", `area,rent\n${Array.from({ length: 40 }, (_, i) => `${i}.5,${i * 20}\n`).join("")}`);
 * const table = await prepareTable("rents.csv", { target: "rent" });
 * const rents = tableNetwork(table.recipe, { hidden: [8], dropout: 0, seed: 0 });
 * await table.close();
 */
export function tableNetwork(recipe: Recipe, { hidden, dropout, seed, name }: NetworkOptions): Model {
  const { inputs, features, linear } = featureLayers(recipe);
  let deep = features;
  for (const units of hidden) {
    deep = layers.dense(units, { activation: "relu", kernelInitializer: "heNormal" })(deep);
    if (dropout > 0) deep = layers.dropout(dropout)(deep);
  }
  const all = hidden.length > 0 ? layers.concatenate()([linear, deep]) : linear;
  const outputs = outputConfigs(recipe.target).reduce((x, { kind, ...options }) => createLayer(kind, options)(x), all);
  return model({ inputs, outputs, seed, ...(name !== undefined && { name }) });
}

/**
 * Networks of one table side by side as one model, whose output is the mean of theirs: of numbers, or of probabilities. Weights are shared with
 * the networks.
 *
 * @param members of `tableNetwork` or alike: the same inputs, one output; each with a name of its own.
 * @throws DescentError for none.
 * @example
 * const table = await prepareTable("rents.csv", { target: "rent" });
 * const both = [1, 2].map((seed) => tableNetwork(table.recipe, { hidden: [8], dropout: 0, seed, name: `network_${seed}` }));
 * const rents = meanOfNetworks(both);
 * await table.close();
 */
export function meanOfNetworks(members: readonly Model[]): Model {
  const [first] = members;
  if (first === undefined) fail("meanOfNetworks got an empty list", "one network, or several");
  if (members.length === 1) return first;
  const { inputs } = first;
  const outputs = layers.average({ name: "output" })(members.map((member) => member(inputs) as SymbolicTensor));
  return model({ inputs, outputs });
}

/** What the last layers of a model depend on. */
export type OutputTarget = Pick<Recipe["target"], "task" | "classes" | "mean" | "deviation">;

/** The last layers, by names and options: probabilities, or a number in the target's units, of what is learned with mean 0 and deviation 1. */
export function outputConfigs({ task, classes, mean, deviation }: OutputTarget): OutputConfig[] {
  const name = "output";
  if (task === "regression") {
    return [
      { kind: "dense", units: 1 },
      { kind: "normalization", mean, variance: deviation ** 2, invert: true, name },
    ];
  }
  const units = task === "binary" ? 1 : classes.length;
  return [{ kind: "dense", units, activation: task === "multi-class" ? "softmax" : "sigmoid", name }];
}

export interface OutputConfig {
  readonly kind: string;
  readonly [option: string]: unknown;
}
