import { layers, type SymbolicTensor } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { fail, show } from "../util/index.ts";
import { type ClassifierOptions, classifierSettings, named } from "./classifier.ts";
import { unit } from "./convolution.ts";

export interface MobilenetV2Options extends ClassifierOptions {
  /** Multiplies the channels of all layers; default 1 (Keras's alpha, torchvision's width_mult). */
  alpha?: number | undefined;
  /** Dropout before the classes; default 0.2 (torchvision). */
  dropout?: number | undefined;
}

/** Table 2 of the paper: expansion, channels, blocks, strides of the first block. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * MobileNetV2 (Sandler et al., "Inverted residuals and linear bottlenecks", 2018): 17 blocks that widen, convolve each channel by
 * itself, and narrow again: [224, 224, 3] -> [1000], 3,504,872 weights. Layers are named as in torchvision.
 *
 * @example
 * const model = mobilenetV2({ classes: 5, inputShape: [96, 96, 3], alpha: 0.5 });
 */
export function mobilenetV2(options: MobilenetV2Options = {}): Model {
  const settings = classifierSettings("mobilenetV2", options, ["alpha", "dropout"]);
  const { alpha = 1, dropout = 0.2 } = options;
  if (!(alpha > 0 && Number.isFinite(alpha))) fail(`mobilenetV2 got alpha = ${show(alpha)}`, "a positive number");
  const wide = (channels: number) => divisibleBy8(channels * alpha);

  const input = layers.input({ shape: settings.inputShape });
  const names = (name: string) => [`${name}.0`, `${name}.1`] as const;
  let x = unit(input, wide(32), 3, { strides: 2, activation: "relu6", names: names("features.0") });
  let number = 1;
  for (const [expansion, channels, blocks, strides] of STAGES) {
    for (let i = 0; i < blocks; i++) {
      x = invertedResidual(x, wide(channels), expansion, i === 0 ? strides : 1, `features.${number++}.conv`);
    }
  }
  const last = divisibleBy8(1280 * Math.max(1, alpha));
  x = unit(x, last, 1, { activation: "relu6", names: names(`features.${number}`) }); // [7, 7, 1280]
  if (!settings.includeTop) return named("mobilenetV2", options, input, x);
  const { classes, classifierActivation: activation } = settings;
  const means = layers.dropout(dropout)(layers.globalAveragePooling2d()(x));
  return named("mobilenetV2", options, input, layers.dense(classes, { activation, name: "classifier.1" })(means));
}

/** x + narrow(depthwise(widen(x))), the sum where shapes are the same; nothing is activated after narrowing. */
function invertedResidual(
  x: SymbolicTensor,
  channels: number,
  expansion: number,
  strides: number,
  name: string,
): SymbolicTensor {
  const given = x.shape.at(-1) ?? 1;
  const activation = "relu6";
  let part = 0;
  const names = () => [`${name}.${part}.0`, `${name}.${part++}.1`] as const;
  const hidden = given * expansion;
  const widened = expansion === 1 ? x : unit(x, hidden, 1, { activation, names: names() });
  const each = unit(widened, hidden, 3, { strides, activation, depthwise: true, names: names() });
  const narrow = unit(each, channels, 1, { names: [`${name}.${part}`, `${name}.${part + 1}`] });
  return strides === 1 && given === channels ? layers.add()([x, narrow]) : narrow;
}

/** The nearest multiple of 8 that is not more than a tenth smaller, at least 8, as in the paper's code. */
function divisibleBy8(channels: number): number {
  const near = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return near < 0.9 * channels ? near + 8 : near;
}
