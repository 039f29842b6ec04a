import { layers, type SymbolicTensor } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { fail, formatShape } from "../util/index.ts";
import { atLeast, type ClassifierOptions, classifierSettings, named } from "./classifier.ts";

export interface MlpMixerOptions extends Omit<ClassifierOptions, "includeTop"> {
  /** Side of the square patches that an image is cut into; default 16. */
  patchSize?: number | undefined;
  /** Features of a patch; default 512. */
  width?: number | undefined;
  /** Default 8. */
  blocks?: number | undefined;
  /** Hidden units of the networks that see one feature of all patches; default 256. */
  tokenUnits?: number | undefined;
  /** Hidden units of those that see all features of one patch; default 2048. */
  channelUnits?: number | undefined;
}

/**
 * MLP-Mixer (Tolstikhin et al., "An all-MLP architecture for vision", 2021): patches of an image, mixed in turns along patches and along
 * features, x + dense(gelu(dense(layerNorm(x)))): [224, 224, 3] -> [1000]. By default S/16 with 18,528,264 weights; B/16 has width 768,
 * 12 blocks, tokenUnits 384, channelUnits 3072: 59,880,472 weights.
 *
 * @throws DescentError for images that patches don't divide.
 * @example
 * const model = mlpMixer({ classes: 10, inputShape: [32, 32, 3], patchSize: 4, width: 64, blocks: 4 });
 */
export function mlpMixer(options: MlpMixerOptions = {}): Model {
  const settings = classifierSettings("mlpMixer", options, [
    "patchSize",
    "width",
    "blocks",
    "tokenUnits",
    "channelUnits",
  ]);
  const { patchSize = 16, width = 512, blocks = 8, tokenUnits = 256, channelUnits = 2048 } = options;
  const sizes = { patchSize, width, blocks, tokenUnits, channelUnits };
  for (const [name, value] of Object.entries(sizes)) atLeast("mlpMixer", name, value);
  const { inputShape, classes, classifierActivation: activation } = settings;
  if (inputShape.slice(0, 2).some((size) => size % patchSize !== 0)) {
    fail(`mlpMixer got inputShape ${formatShape(inputShape)}`, `sides divisible by patchSize ${patchSize}`);
  }

  const input = layers.input({ shape: inputShape });
  const cut = layers.conv2d(width, patchSize, { strides: patchSize, name: "stem" })(input);
  let x = layers.reshape([-1, width])(cut); // [patches, width]
  for (let i = 0; i < blocks; i++) {
    const turned = layers.permute([2, 1])(normalized(x, `blocks.${i}.norm1`)); // [width, patches]
    x = layers.add()([x, layers.permute([2, 1])(perceptron(turned, tokenUnits, `blocks.${i}.tokens`))]);
    x = layers.add()([x, perceptron(normalized(x, `blocks.${i}.norm2`), channelUnits, `blocks.${i}.channels`)]);
  }
  const means = layers.globalAveragePooling1d()(normalized(x, "norm")); // [width]
  return named("mlpMixer", options, input, layers.dense(classes, { activation, name: "head" })(means));
}

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.layerNormalization({ epsilon: 1e-6, name })(x); // Flax's epsilon, that of the paper's code
}

/** dense(gelu(dense(x))) along the last axis, which keeps its size. */
function perceptron(x: SymbolicTensor, units: number, name: string): SymbolicTensor {
  const hidden = layers.dense(units, { activation: "gelu", name: `${name}.fc1` })(x);
  return layers.dense(x.shape.at(-1) ?? 1, { name: `${name}.fc2` })(hidden);
}
