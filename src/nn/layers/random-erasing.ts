import { where } from "../../tensor/index.ts";
import { checkNumber } from "../checks.ts";
import { boxMask } from "../images/box.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import {
  type ColorOptions,
  checkProbability,
  chosen,
  defineImageLayer,
  type Factor,
  perImage,
  rangeOf,
  valueRangeOf,
} from "./random-image.ts";

export interface RandomErasingOptions extends ColorOptions {
  /** The probability that an image loses a part; default 1 (Keras). */
  factor?: Factor;
  /** Range of the squares of the rectangle's shares of height and of width, each drawn by itself; default [0.02, 0.33] (Keras). */
  scale?: readonly [low: number, high: number];
  /** What is put there; default normal noise times the range's upper end, cut off at the range (Keras). */
  fillValue?: number;
}

/**
 * In training, puts noise or one value in place of a rectangle of each image (Zhong et al., 2017; Keras's RandomErasing; with fillValue: 0 and
 * a scale of two equal numbers it is Cutout: DeVries & Taylor, 2017).
 *
 * @example
 * layers.randomErasing({ factor: 0.5, fillValue: 0 });
 */
export function randomErasing(options: RandomErasingOptions = {}): Layer {
  const kind = "randomErasing";
  checkLayerOptions(kind, options, ["factor", "scale", "fillValue", "valueRange"]);
  const { factor = 1, scale = [0.02, 0.33], fillValue } = options;
  const [low, high] = valueRangeOf(kind, options.valueRange);
  checkProbability(kind, "factor", factor);
  const range = rangeOf(kind, "scale", scale, [0, 1], (each) => [each, each]);
  if (fillValue !== undefined) checkNumber(kind, "fillValue", fillValue);
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      const [, height = 1, width = 1] = images.shape;
      const draw = (use: number) => perImage(key, use, images, range).sqrt();
      const at = (use: number) => perImage(key, use, images, [0, 1]);
      let erased = boxMask([height, width], [draw(0), draw(1)], [at(2), at(3)]);
      if (factor !== 1) erased = erased.logicalAnd(chosen(key, 4, images, factor));
      const fill = fillValue ?? key.fold(5).normal(images.shape, { std: high }).clip(low, high);
      return where(erased, fill, images);
    },
  });
}
