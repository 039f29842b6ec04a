import { layers, type SymbolicTensor } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { atLeast, type ClassifierOptions, classifierSettings, named } from "./classifier.ts";
import { heFanOut, NORMALIZATION } from "./convolution.ts";

export interface VggOptions extends ClassifierOptions {
  /** Normalize after every convolution (torchvision's "vgg16_bn"); default false, as in the paper. */
  batchNormalization?: boolean | undefined;
  /** Channels of the first stage; default 64. They double in the next stages, up to 8 times as many. */
  width?: number | undefined;
  /** Units of the two hidden layers before the classes; default 4096. */
  hiddenUnits?: number | undefined;
  /** Dropout after each of these; default 0.5. */
  dropout?: number | undefined;
}

/**
 * VGG-11 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014, configuration A):
 * [224, 224, 3] -> [1000], 132,863,336 weights. Layers are named as in torchvision.
 *
 * @example
 * const model = vgg11({ classes: 10, inputShape: [32, 32, 3], hiddenUnits: 512 });
 */
export function vgg11(options: VggOptions = {}): Model {
  return vgg("vgg11", [1, 1, 2, 2, 2], options);
}

/**
 * VGG-13 (Simonyan & Zisserman, 2014, configuration B): [224, 224, 3] -> [1000], 133,047,848 weights. Layers are named as in torchvision.
 *
 * @example
 * const model = vgg13({ classes: 10, batchNormalization: true });
 */
export function vgg13(options: VggOptions = {}): Model {
  return vgg("vgg13", [2, 2, 2, 2, 2], options);
}

/**
 * VGG-16 (Simonyan & Zisserman, 2014, configuration D): thirteen 3 x 3 convolutions in five stages, each ending in a maximum of 2 x 2 pixels,
 * then three dense layers: [224, 224, 3] -> [1000], 138,357,544 weights. Layers are named as in torchvision.
 *
 * @example
 * vgg16({ includeTop: false }).outputs[0]?.shape; // [7, 7, 512]
 */
export function vgg16(options: VggOptions = {}): Model {
  return vgg("vgg16", [2, 2, 3, 3, 3], options);
}

/**
 * VGG-19 (Simonyan & Zisserman, 2014, configuration E): [224, 224, 3] -> [1000], 143,667,240 weights. Layers are named as in torchvision.
 *
 * @example
 * const model = vgg19({ classes: 5 });
 */
export function vgg19(options: VggOptions = {}): Model {
  return vgg("vgg19", [2, 2, 4, 4, 4], options);
}

function vgg(kind: string, stages: readonly number[], options: VggOptions): Model {
  const settings = classifierSettings(kind, options, ["batchNormalization", "width", "hiddenUnits", "dropout"]);
  const { batchNormalization = false, width = 64, hiddenUnits = 4096, dropout = 0.5 } = options;
  atLeast(kind, "width", width);
  atLeast(kind, "hiddenUnits", hiddenUnits);
  const input = layers.input({ shape: settings.inputShape });
  let x: SymbolicTensor = input;
  let number = 0; // of the module, as torchvision counts them: convolution, normalization, relu, maximum
  for (const [stage, count] of stages.entries()) {
    for (let i = 0; i < count; i++) {
      const filters = width * Math.min(8, 2 ** stage);
      const name = `features.${number++}`;
      x = layers.conv2d(filters, 3, { padding: "same", kernelInitializer: heFanOut, name })(x);
      if (batchNormalization) x = layers.batchNormalization({ ...NORMALIZATION, name: `features.${number++}` })(x);
      x = layers.activation("relu", { name: `features.${number++}` })(x);
    }
    x = layers.maxPooling2d({ name: `features.${number++}` })(x);
  }
  if (!settings.includeTop) return named(kind, options, input, x); // [7, 7, 512]

  const [height, columns] = x.shape;
  if (height !== 7 || columns !== 7) x = layers.adaptiveAveragePooling2d(7)(x); // torchvision's way with other sizes
  x = layers.flatten()(x);
  for (const place of [0, 3]) {
    x = layers.dense(hiddenUnits, { activation: "relu", name: `classifier.${place}` })(x);
    x = layers.dropout(dropout)(x);
  }
  const { classes, classifierActivation: activation } = settings;
  return named(kind, options, input, layers.dense(classes, { activation, name: "classifier.6" })(x));
}
