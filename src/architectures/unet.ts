import { type ActivationSpec, layers, type SymbolicTensor } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { checkOptions, fail, formatShape, type Shape } from "../util/index.ts";
import { atLeast, imageShape, named } from "./classifier.ts";
import { heFanOut, NORMALIZATION } from "./convolution.ts";

export interface UnetOptions {
  /** One image, height and width divisible by 2^depth; default [256, 256, 1]. */
  inputShape?: Shape | undefined;
  /** Channels of the output; default 1. */
  classes?: number | undefined;
  /** Of the output; default "sigmoid" for one class, "softmax" for several. */
  activation?: ActivationSpec | undefined;
  /** Channels of the first stage; default 64. They double with every stage down. */
  width?: number | undefined;
  /** Times that the image is halved; default 4. */
  depth?: number | undefined;
  /** Normalize after every convolution, which then has no bias; default false, as in the paper. */
  batchNormalization?: boolean | undefined;
  /** Of the model; default "unet". */
  name?: string | undefined;
  /** Seed of the initial weights; default 0. */
  seed?: number | undefined;
}

/**
 * U-Net (Ronneberger et al., "Convolutional networks for biomedical image segmentation", 2015): down through halved images with
 * doubled channels, up again, each stage seeing the one of its size on the way down: [height, width, channels] -> [height, width, classes];
 * 31,030,593 weights by default. Convolutions keep the size ("same"), where the paper crops.
 *
 * @throws DescentError for images whose sides can't be halved `depth` times.
 * @example
 * const model = unet({ inputShape: [64, 64, 3], width: 16, depth: 3 });
 * model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["iou"] });
 */
export function unet(options: UnetOptions = {}): Model {
  checkOptions("unet", options, NAMES);
  const { classes = 1, width = 64, depth = 4, batchNormalization = false } = options;
  const { activation = classes === 1 ? "sigmoid" : "softmax" } = options;
  for (const [name, value] of Object.entries({ classes, width, depth })) atLeast("unet", name, value);
  const shape = imageShape("unet", options.inputShape ?? [256, 256, 1]);
  if (shape.slice(0, 2).some((size) => size % 2 ** depth !== 0)) {
    fail(`unet got inputShape ${formatShape(shape)} for depth ${depth}`, `sides divisible by ${2 ** depth}`);
  }

  const stage = (x: SymbolicTensor, level: number, way: string) =>
    twice(x, width * 2 ** level, batchNormalization, `${way}${level}`);
  const input = layers.input({ shape });
  let x = stage(input, 0, "down");
  const passed: SymbolicTensor[] = []; // what goes across, from fine to coarse
  for (let level = 1; level <= depth; level++) {
    passed.push(x);
    x = stage(layers.maxPooling2d()(x), level, "down");
  }
  for (let level = depth - 1; level >= 0; level--) {
    const larger = layers.conv2dTranspose(width * 2 ** level, 2, { strides: 2, name: `up${level}` })(x);
    x = stage(layers.concatenate()([passed[level] as SymbolicTensor, larger]), level, "merge");
  }
  return named("unet", options, input, layers.conv2d(classes, 1, { activation, name: "output" })(x));
}

/** Two 3 x 3 convolutions with relu: [height, width, in] -> [height, width, channels]. */
function twice(x: SymbolicTensor, channels: number, normalize: boolean, name: string): SymbolicTensor {
  let y = x;
  for (const i of [1, 2]) {
    const convolution = { padding: "same", useBias: !normalize, kernelInitializer: heFanOut } as const;
    y = layers.conv2d(channels, 3, { ...convolution, name: `${name}.conv${i}` })(y);
    if (normalize) y = layers.batchNormalization({ ...NORMALIZATION, name: `${name}.bn${i}` })(y);
    y = layers.activation("relu")(y);
  }
  return y;
}

const NAMES = ["inputShape", "classes", "activation", "width", "depth", "batchNormalization", "name", "seed"];
