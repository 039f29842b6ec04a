import { where } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import { posterize, solarize } from "../images/color.ts";
import { equalize, autoContrast as stretch } from "../images/histogram.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import {
  type ColorOptions,
  checkProbability,
  chosen,
  defineImageLayer,
  type Factor,
  perImage,
  rangeOf,
  upTo,
  valueRangeOf,
} from "./random-image.ts";

export interface SolarizationOptions extends ColorOptions {
  /** Share of the range that is added first; a single number a draws from [0, a]; default 0 (Keras). */
  additionFactor?: Factor;
  /** Share of the range from which on values are inverted; a single number t draws from [0, t]; default 0: all (Keras). */
  thresholdFactor?: Factor;
}

/**
 * In training, inverts the values of each image that reach a threshold: low + high - value (Keras's Solarization).
 *
 * @example
 * layers.solarization({ thresholdFactor: [0.5, 1], valueRange: [0, 1] });
 */
export function solarization(options: SolarizationOptions = {}): Layer {
  const kind = "solarization";
  checkLayerOptions(kind, options, ["additionFactor", "thresholdFactor", "valueRange"]);
  const [low, high] = valueRangeOf(kind, options.valueRange);
  const additions = rangeOf(kind, "additionFactor", options.additionFactor ?? 0, [0, 1], upTo);
  const thresholds = rangeOf(kind, "thresholdFactor", options.thresholdFactor ?? 0, [0, 1], upTo);
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      const addition = perImage(key, 0, images, additions).mul(high - low);
      const threshold = perImage(key, 1, images, thresholds)
        .mul(high - low)
        .add(low);
      return solarize(images, threshold, addition, [low, high]);
    },
  });
}

/**
 * In training, keeps the upper bits of the 8 that each value has: `bits`, or a range of which a whole number is drawn for each image
 * (Keras's RandomPosterization).
 *
 * @example
 * layers.randomPosterization(4, { valueRange: [0, 1] });
 */
export function randomPosterization(bits: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomPosterization";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const [least, most] = rangeOf(kind, "bits", bits, [1, 8], (each) => [each, each]);
  if (!Number.isInteger(least) || !Number.isInteger(most)) fail(`${kind} got bits = ${show(bits)}`, "whole numbers");
  return defineImageLayer({
    kind,
    options: { bits, ...options },
    change: (images, key) =>
      posterize(
        images,
        perImage(key, 0, images, [least, most + 1])
          .floor()
          .minimum(most),
        values,
      ),
  });
}
randomPosterization.positional = ["bits"];

/**
 * In training, inverts images with this probability: low + high - value; default 1 (Keras's RandomInvert).
 *
 * @example
 * layers.randomInvert(0.5, { valueRange: [0, 1] });
 */
export function randomInvert(factor: Factor = 1, options: ColorOptions = {}): Layer {
  const kind = "randomInvert";
  checkLayerOptions(kind, options, ["valueRange"]);
  const [low, high] = valueRangeOf(kind, options.valueRange);
  checkProbability(kind, "factor", factor);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    change: (images, key) => where(chosen(key, 0, images, factor), images.neg().add(low + high), images),
  });
}
randomInvert.positional = ["factor"];

/**
 * Stretches each channel of each image over the whole range: (image - least) / (greatest - least) (high - low) + low; always, not only in
 * training (Keras's AutoContrast).
 *
 * @example
 * layers.autoContrast({ valueRange: [0, 1] });
 */
export function autoContrast(options: ColorOptions = {}): Layer {
  checkLayerOptions("autoContrast", options, ["valueRange"]);
  const values = valueRangeOf("autoContrast", options.valueRange);
  return defineImageLayer({
    kind: "autoContrast",
    options,
    always: true,
    change: (images) => stretch(images, values),
  });
}

/**
 * Makes each of 256 levels about as frequent as the others, by the cumulated histogram of each channel of each image; always, not only in
 * training (Keras's Equalization, Pillow's equalize).
 *
 * @example
 * layers.equalization({ valueRange: [0, 1] });
 */
export function equalization(options: ColorOptions = {}): Layer {
  checkLayerOptions("equalization", options, ["valueRange"]);
  const values = valueRangeOf("equalization", options.valueRange);
  return defineImageLayer({
    kind: "equalization",
    options,
    always: true,
    change: (images) => equalize(images, values),
  });
}
