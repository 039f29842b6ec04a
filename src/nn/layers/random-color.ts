import { where } from "../../tensor/index.ts";
import { brightness, colorfulness, contrast, luma, shiftHsv } from "../images/color.ts";
import { checkLayerOptions, type Layer, type LayerOptions } from "../layer.ts";
import {
  type ColorOptions,
  checkProbability,
  chosen,
  defineImageLayer,
  type Factor,
  perImage,
  rangeOf,
  symmetric,
  upTo,
  valueRangeOf,
} from "./random-image.ts";

/**
 * In training, adds factor (high - low) to each image, low and high being the range of values: a single factor f draws from [-f, f] (Keras's
 * RandomBrightness).
 *
 * @example
 * layers.randomBrightness(0.2, { valueRange: [0, 1] });
 */
export function randomBrightness(factor: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomBrightness";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const range = rangeOf(kind, "factor", factor, [-1, 1], symmetric);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    change: (images, key) => brightness(images, perImage(key, 0, images, range), values),
  });
}
randomBrightness.positional = ["factor"];

/**
 * In training, mean + c (image - mean) for each channel of each image, c drawn from [1 - low, 1 + high] for the factor [low, high], a single
 * factor standing for both (Keras's RandomContrast).
 *
 * @example
 * layers.randomContrast(0.2, { valueRange: [0, 1] });
 */
export function randomContrast(factor: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomContrast";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const [low, high] = Array.isArray(factor) ? factor : [factor, factor];
  for (const each of [low, high]) rangeOf(kind, "factor", each, [0, 1], upTo);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    change: (images, key) => contrast(images, perImage(key, 0, images, [1 - low, 1 + high]), values),
  });
}
randomContrast.positional = ["factor"];

/**
 * In training, turns the hue of RGB images by factor / 2 of the circle, to either side; a single factor f draws from [0, f], f from 0 to 1
 * (Keras's RandomHue).
 *
 * @example
 * layers.randomHue(0.1, { valueRange: [0, 1] });
 */
export function randomHue(factor: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomHue";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const range = rangeOf(kind, "factor", factor, [0, 1], upTo);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    channels: 3,
    change(images, key) {
      const turn = perImage(key, 0, images, range).mul(0.5);
      return shiftHsv(images, { turn: where(chosen(key, 1, images, 0.5), turn, turn.neg()) }, values);
    },
  });
}
randomHue.positional = ["factor"];

/**
 * In training, multiplies the saturation of RGB images by factor / (1 - factor): 0 makes them gray, 0.5 leaves them, 1 saturates fully; a
 * single factor f draws from [0, f] (Keras's RandomSaturation).
 *
 * @example
 * layers.randomSaturation([0.4, 0.6], { valueRange: [0, 1] });
 */
export function randomSaturation(factor: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomSaturation";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const range = rangeOf(kind, "factor", factor, [0, 1], upTo);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    channels: 3,
    change(images, key) {
      const share = perImage(key, 0, images, range);
      const saturation = share.div(share.neg().add(1 + 1e-7)); // Keras's epsilon
      return shiftHsv(images, { saturation }, values);
    },
  });
}
randomSaturation.positional = ["factor"];

/**
 * In training, fades RGB images to gray: gray + (1 - factor) (image - gray), gray their luma; a single factor f draws from [0, f] (Keras's
 * RandomColorDegeneration).
 *
 * @example
 * layers.randomColorDegeneration(0.5, { valueRange: [0, 1] });
 */
export function randomColorDegeneration(factor: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomColorDegeneration";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const range = rangeOf(kind, "factor", factor, [0, 1], upTo);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    channels: 3,
    change: (images, key) => colorfulness(images, perImage(key, 0, images, range).neg().add(1), values),
  });
}
randomColorDegeneration.positional = ["factor"];

/**
 * In training, makes RGB images gray with this probability: 0.2989 red + 0.587 green + 0.114 blue in all three channels; default 0.5 (Keras's
 * RandomGrayscale).
 *
 * @example
 * layers.randomGrayscale(0.1);
 */
export function randomGrayscale(factor: Factor = 0.5, options: LayerOptions = {}): Layer {
  const kind = "randomGrayscale";
  checkLayerOptions(kind, options);
  checkProbability(kind, "factor", factor);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    channels: 3,
    change: (images, key) => where(chosen(key, 0, images, factor), luma(images), images),
  });
}
randomGrayscale.positional = ["factor"];
