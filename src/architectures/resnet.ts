import { layers, type SymbolicTensor } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { atLeast, type ClassifierOptions, classifierSettings, classify, named } from "./classifier.ts";
import { unit } from "./convolution.ts";

export interface ResnetOptions extends ClassifierOptions {
  /** Channels after the first convolution; default 64. They double in each of the next three stages. */
  width?: number | undefined;
}

/** Blocks of each stage, and of which kind: [channels inside] -> [channels inside times `expansion`]. */
interface Plan {
  readonly blocks: readonly number[];
  readonly block: (x: SymbolicTensor, channels: number, strides: number, name: string) => SymbolicTensor;
}

/**
 * ResNet-18 (He et al., "Deep residual learning for image recognition", 2015): a convolution, then 8 blocks of two convolutions with a
 * shortcut around: [224, 224, 3] -> [1000], 11,689,512 weights. Layers are named as in torchvision.
 *
 * @example
 * const model = resnet18({ classes: 10, inputShape: [64, 64, 3] });
 * model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
 */
export function resnet18(options: ResnetOptions = {}): Model {
  return resnet("resnet18", { blocks: [2, 2, 2, 2], block: basicBlock }, options);
}

/**
 * ResNet-34 (He et al., 2015): 16 blocks of two convolutions: [224, 224, 3] -> [1000], 21,797,672 weights. Layers are named as in torchvision.
 *
 * @example
 * const model = resnet34({ classes: 10 });
 */
export function resnet34(options: ResnetOptions = {}): Model {
  return resnet("resnet34", { blocks: [3, 4, 6, 3], block: basicBlock }, options);
}

/**
 * ResNet-50 (He et al., 2015): 16 blocks that narrow to a quarter of the channels for their 3 x 3 convolution, which has the block's strides
 * (torchvision, "v1.5"): [224, 224, 3] -> [1000], 25,557,032 weights. Layers are named as in torchvision.
 *
 * @example
 * resnet50({ includeTop: false }).outputs[0]?.shape; // [7, 7, 2048]
 */
export function resnet50(options: ResnetOptions = {}): Model {
  return resnet("resnet50", { blocks: [3, 4, 6, 3], block: bottleneck }, options);
}

function resnet(kind: string, { blocks, block }: Plan, options: ResnetOptions): Model {
  const settings = classifierSettings(kind, options, ["width"]);
  const { width = 64 } = options;
  atLeast(kind, "width", width);
  const input = layers.input({ shape: settings.inputShape });
  let x = unit(input, width, 7, { strides: 2, activation: "relu", names: ["conv1", "bn1"] }); // [112, 112, 64]
  // After relu, zeros around are what PyTorch's padding with -infinity is: they never win.
  x = layers.maxPooling2d({ poolSize: 3, strides: 2 })(layers.zeroPadding2d(1)(x)); // [56, 56, 64]
  for (const [stage, count] of blocks.entries()) {
    for (let i = 0; i < count; i++) {
      x = block(x, width * 2 ** stage, stage > 0 && i === 0 ? 2 : 1, `layer${stage + 1}.${i}`);
    }
  }
  return named(kind, options, input, settings.includeTop ? classify(x, "fc", settings) : x);
}

/** relu(x + conv3x3(relu(conv3x3(x)))), each convolution normalized. */
function basicBlock(x: SymbolicTensor, channels: number, strides: number, name: string): SymbolicTensor {
  const part = (i: number) => [`${name}.conv${i}`, `${name}.bn${i}`] as const;
  const inner = unit(x, channels, 3, { strides, activation: "relu", names: part(1) });
  const outer = unit(inner, channels, 3, { names: part(2) });
  return layers.activation("relu")(layers.add()([outer, shortcut(x, channels, strides, name)]));
}

/** relu(x + conv1x1(relu(conv3x3(relu(conv1x1(x)))))), the last with 4 times the channels. */
function bottleneck(x: SymbolicTensor, channels: number, strides: number, name: string): SymbolicTensor {
  const part = (i: number) => [`${name}.conv${i}`, `${name}.bn${i}`] as const;
  const narrow = unit(x, channels, 1, { activation: "relu", names: part(1) });
  const inner = unit(narrow, channels, 3, { strides, activation: "relu", names: part(2) });
  const outer = unit(inner, 4 * channels, 1, { names: part(3) });
  return layers.activation("relu")(layers.add()([outer, shortcut(x, 4 * channels, strides, name)]));
}

/** x itself, or where its shape changes a convolution of 1 x 1. */
function shortcut(x: SymbolicTensor, channels: number, strides: number, name: string): SymbolicTensor {
  if (strides === 1 && x.shape.at(-1) === channels) return x;
  return unit(x, channels, 1, { strides, names: [`${name}.downsample.0`, `${name}.downsample.1`] });
}
