import type { RandomKey, Tensor } from "../../tensor/index.ts";
import { where } from "../../tensor/index.ts";
import { checkCount } from "../checks.ts";
import type { ValueRange } from "../images/color.ts";
import { type Choice, OPERATIONS, type OperationScale, operate } from "../images/operations.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import {
  type ColorOptions,
  chosen,
  defineImageLayer,
  type Factor,
  perImage,
  rangeOf,
  SAMPLING_OPTIONS,
  type SamplingOptions,
  samplingOf,
  upTo,
  valueRangeOf,
} from "./random-image.ts";

export interface RandAugmentOptions extends ColorOptions, SamplingOptions {
  /** Operations on each image, one after the other; default 2 (the paper, Keras). */
  numOps?: number;
  /**
   * How strong they are, from 0 to 1, the paper's M of 30; a single factor f draws from [0, f] for each image and operation, [f, f] is f
   * always, as in the paper; default 0.5 (Keras).
   */
  factor?: Factor;
}

/**
 * In training, changes each image by operations that are drawn for it from 14: none, autoContrast, equalization, turning (up to 30 degrees),
 * solarization, color, posterization (8 to 4 bits), contrast, brightness, sharpness (these by 1 - 0.9 to 1 + 0.9), shearing (0.3) and moving
 * (150 / 331) along either axis (Cubuk et al., "RandAugment", 2020, with torchvision's strengths; Keras draws among its own layers, the same
 * for all images). Values of the operations themselves are those of this library's layers; images of one channel have no color.
 *
 * @example
 * layers.randAugment({ numOps: 2, factor: [0.3, 0.3], valueRange: [0, 1] });
 */
export function randAugment(options: RandAugmentOptions = {}): Layer {
  const kind = "randAugment";
  checkLayerOptions(kind, options, ["numOps", "factor", "valueRange", ...SAMPLING_OPTIONS]);
  const { numOps = 2 } = options;
  checkCount(kind, "numOps", numOps);
  const strengths = rangeOf(kind, "factor", options.factor ?? 0.5, [0, 1], upTo);
  const scale: OperationScale = {
    operations: OPERATIONS,
    values: valueRangeOf(kind, options.valueRange),
    sampling: samplingOf(kind, options),
    move: 150 / 331,
    leastBits: 4,
  };
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      let x = images;
      for (let i = 0; i < numOps; i++)
        x = operate(x, drawChoice(key.fold(i), images, OPERATIONS.length, strengths), scale);
      return x;
    },
  });
}

/** An operation, its strength and its direction for each image. */
export function drawChoice(key: RandomKey, images: Tensor, count: number, strengths: ValueRange): Choice {
  return {
    operation: perImage(key, 0, images, [0, count])
      .floor()
      .minimum(count - 1),
    strength: perImage(key, 1, images, strengths),
    sign: where(chosen(key, 2, images, 0.5), 1, -1),
  };
}
