import { type ActivationSpec, layers, type SymbolicTensor } from "../nn/index.ts";
import { type Model, model } from "../train/index.ts";
import { checkOptions, fail, formatShape, product, type Shape } from "../util/index.ts";
import { atLeast, named } from "./classifier.ts";

export interface AutoencoderOptions {
  /** One sample; default [28, 28, 1]. */
  inputShape?: Shape | undefined;
  /** Numbers of a code; default 30. */
  codeSize?: number | undefined;
  /** Hidden units of the encoder; the decoder has them in reverse. Default [1000, 500, 250]. */
  units?: readonly number[] | undefined;
  /** Of hidden layers; default "relu" (the paper: "sigmoid"). */
  activation?: ActivationSpec | undefined;
  /** Of what is decoded; default "sigmoid", for numbers from 0 to 1. */
  outputActivation?: ActivationSpec | undefined;
  /** Of the model; default "autoencoder". */
  name?: string | undefined;
  /** Seed of the initial weights; default 0. */
  seed?: number | undefined;
}

export interface VaeOptions extends AutoencoderOptions {
  /** What the divergence counts (beta-VAE; Higgins et al., 2017); default 1. */
  klWeight?: number | undefined;
}

/**
 * A deep autoencoder (Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006): a sample becomes a code of
 * few numbers, and a sample again: [28, 28, 1] -> [30] -> [28, 28, 1], 2,837,314 weights. It holds the models "encoder" and "decoder".
 *
 * @example
 * const model = autoencoder({ inputShape: [8], units: [4], codeSize: 2 });
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * const codes = await model.getModel("encoder").predict([[0, 1, 0, 1, 0, 1, 0, 1]]);
 */
export function autoencoder(options: AutoencoderOptions = {}): Model {
  const settings = settingsOf("autoencoder", options, { codeSize: 30, units: [1000, 500, 250] });
  const { inputShape, codeSize } = settings;
  const { input, hidden } = downward(settings);
  const encoder = model({ inputs: input, outputs: layers.dense(codeSize, { name: "code" })(hidden), name: "encoder" });
  const sample = layers.input({ shape: inputShape, name: "sample" });
  return named("autoencoder", options, sample, decoderOf(settings)(encoder(sample)));
}

/**
 * A variational autoencoder (Kingma & Welling, "Auto-encoding variational Bayes", 2013): the encoder gives mean and log-variance of the code's
 * distribution, training draws from it, and its divergence from the standard normal one is added to the loss: [28, 28, 1] -> [20] ->
 * [28, 28, 1]; one hidden layer of 400 units and 652,824 weights by default (PyTorch's example). It holds the models "encoder", of the two
 * outputs mean and logVariance, and "decoder". `units` is [400] and `codeSize` 20 by default.
 *
 * The divergence is in nats per sample, so the other part of the loss shall be, too: a sum over the sample's numbers, not a mean.
 *
 * @example
 * const model = vae({ inputShape: [8], units: [4], codeSize: 2 });
 * model.compile({ optimizer: "adam", loss: (x, decoded) => losses.binaryCrossentropy()(x, decoded).mul(8) });
 * const made = await model.getModel("decoder").predict(randomKey(1).normal([3, 2])); // three new samples
 */
export function vae(options: VaeOptions = {}): Model {
  const settings = settingsOf("vae", options, { codeSize: 20, units: [400] }, ["klWeight"]);
  const { inputShape, codeSize } = settings;
  const { klWeight = 1 } = options;
  const { input, hidden } = downward(settings);
  const mean = layers.dense(codeSize, { name: "mean" })(hidden);
  const logVariance = layers.dense(codeSize, { name: "logVariance" })(hidden);
  const encoder = model({ inputs: input, outputs: { mean, logVariance }, name: "encoder" });
  const sample = layers.input({ shape: inputShape, name: "sample" });
  const code = layers.sampling({ klWeight, name: "kl" })(encoder.connectAll(sample));
  return named("vae", options, sample, decoderOf(settings)(code));
}

interface Settings {
  readonly inputShape: Shape;
  readonly codeSize: number;
  readonly units: readonly number[];
  readonly activation: ActivationSpec;
  readonly outputActivation: ActivationSpec;
}

function settingsOf(
  kind: string,
  options: AutoencoderOptions,
  defaults: Pick<Settings, "codeSize" | "units">,
  names: readonly string[] = [],
): Settings {
  checkOptions(kind, options, [...NAMES, ...names]);
  const { inputShape = [28, 28, 1], codeSize = defaults.codeSize, units = defaults.units } = options;
  if (!Array.isArray(inputShape) || product(inputShape) < 1) {
    fail(`${kind} got inputShape ${formatShape(inputShape)}`, "the shape of one sample, such as [28, 28, 1]");
  }
  atLeast(kind, "codeSize", codeSize);
  for (const [i, each] of units.entries()) atLeast(kind, `units[${i}]`, each);
  const { activation = "relu", outputActivation = "sigmoid" } = options;
  return { inputShape, codeSize, units, activation, outputActivation };
}

/** From a sample to the last hidden layer. */
function downward({ inputShape, units, activation }: Settings): { input: SymbolicTensor; hidden: SymbolicTensor } {
  const input = layers.input({ shape: inputShape });
  let hidden: SymbolicTensor = inputShape.length > 1 ? layers.flatten()(input) : input;
  for (const each of units) hidden = layers.dense(each, { activation })(hidden);
  return { input, hidden };
}

/** From a code to a sample. */
function decoderOf({ inputShape, codeSize, units, activation, outputActivation }: Settings): Model {
  const input = layers.input({ shape: [codeSize] });
  let x: SymbolicTensor = input;
  for (const each of [...units].reverse()) x = layers.dense(each, { activation })(x);
  x = layers.dense(product(inputShape), { activation: outputActivation })(x);
  const outputs = inputShape.length > 1 ? layers.reshape(inputShape)(x) : x;
  return model({ inputs: input, outputs, name: "decoder" });
}

const NAMES = ["inputShape", "codeSize", "units", "activation", "outputActivation", "name", "seed"];
