import { layers, type SymbolicTensor } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { fail, show } from "../util/index.ts";
import { atLeast, type ClassifierOptions, classifierSettings, classify, named } from "./classifier.ts";
import { unit } from "./convolution.ts";

export interface ResnetCifarOptions extends ClassifierOptions {
  /** 6 n + 2 layers with weights: 20 (the default), 32, 44, 56, 110 or 1202 in the paper. */
  depth?: number | undefined;
  /** Channels of the first stage; default 16. They double in each of the next two. */
  width?: number | undefined;
}

/**
 * The ResNet of small images (He et al., 2015, section 4.2): a 3 x 3 convolution and three stages of n blocks, depth = 6 n + 2:
 * [32, 32, 3] -> [10]; 269,722 weights for depth 20, 853,018 for 56. Shortcuts have no weights: between stages every second pixel, and zeros
 * for the new channels (the paper's option A). `classes` is 10 and `inputShape` [32, 32, 3] by default.
 *
 * @throws DescentError for a depth that is not 6 n + 2.
 * @example
 * const model = resnetCifar({ depth: 32 });
 */
export function resnetCifar(options: ResnetCifarOptions = {}): Model {
  const defaults = { classes: 10, inputShape: [32, 32, 3] };
  const settings = classifierSettings("resnetCifar", options, ["depth", "width"], defaults);
  const { depth = 20, width = 16 } = options;
  atLeast("resnetCifar", "width", width);
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1)
    fail(`resnetCifar got depth = ${show(depth)}`, "6 n + 2, such as 20 or 56");

  const input = layers.input({ shape: settings.inputShape });
  let x = unit(input, width, 3, { activation: "relu", names: ["conv1", "bn1"] }); // [32, 32, 16]
  for (let stage = 0; stage < 3; stage++) {
    for (let i = 0; i < blocks; i++) {
      x = block(x, width * 2 ** stage, stage > 0 && i === 0 ? 2 : 1, `layer${stage + 1}.${i}`);
    }
  }
  const output = settings.includeTop ? classify(x, "linear", settings) : x; // [8, 8, 64] -> [10]
  return named("resnetCifar", options, input, output);
}

/** relu(shortcut(x) + conv3x3(relu(conv3x3(x)))), each convolution normalized. */
function block(x: SymbolicTensor, channels: number, strides: number, name: string): SymbolicTensor {
  const inner = unit(x, channels, 3, { strides, activation: "relu", names: [`${name}.conv1`, `${name}.bn1`] });
  const outer = unit(inner, channels, 3, { names: [`${name}.conv2`, `${name}.bn2`] });
  return layers.activation("relu")(layers.add()([outer, strides === 1 ? x : narrowed(x, channels)]));
}

/** Every second pixel, zeros before and after the channels: [height, width, in] -> [ceil(height / 2), ceil(width / 2), channels]. */
function narrowed(x: SymbolicTensor, channels: number): SymbolicTensor {
  const pixels = layers.maxPooling2d({ poolSize: 1, strides: 2 })(x);
  const [height = 1, width = 1, given = 1] = pixels.shape;
  const zeros = channels - given;
  const volume = layers.reshape([height, width, given, 1])(pixels);
  const before = Math.floor(zeros / 2);
  const wider = layers.zeroPadding3d([
    [0, 0],
    [0, 0],
    [before, zeros - before],
  ])(volume); // the channels as a third axis
  return layers.reshape([height, width, channels])(wider);
}
