import { where } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import { gaussianBlur, sharpen } from "../images/filter.ts";
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

/**
 * In training, blurs or sharpens: smooth + 2 factor (image - smooth), smooth being the mean over 3x3 pixels whose middle counts 5 times:
 * 0 blurs, 0.5 leaves, 1 sharpens; a single factor f draws from [0, f] (Keras's RandomSharpness; pixels at the border stay, as Pillow's).
 *
 * @example
 * layers.randomSharpness([0.3, 0.7], { valueRange: [0, 1] });
 */
export function randomSharpness(factor: Factor, options: ColorOptions = {}): Layer {
  const kind = "randomSharpness";
  checkLayerOptions(kind, options, ["valueRange"]);
  const values = valueRangeOf(kind, options.valueRange);
  const range = rangeOf(kind, "factor", factor, [0, 1], upTo);
  return defineImageLayer({
    kind,
    options: { factor, ...options },
    change: (images, key) => sharpen(images, perImage(key, 0, images, range).mul(2), values),
  });
}
randomSharpness.positional = ["factor"];

export interface RandomGaussianBlurOptions extends ColorOptions {
  /** The probability that an image is blurred; default 1 (Keras). */
  factor?: Factor;
  /** Height and width of the window in pixels, odd; default 3 (Keras). */
  kernelSize?: number | readonly [height: number, width: number];
  /** Standard deviation in pixels, or a range of which one is drawn for each image; a single one s draws from [0, s]; default 1 (Keras). */
  sigma?: Factor;
}

/**
 * In training, blurs images: each pixel becomes the mean of those around, weighted by exp(-distance^2 / (2 sigma^2)); beyond the border the
 * image is mirrored (Keras's RandomGaussianBlur; the border is torchvision's).
 *
 * @example
 * layers.randomGaussianBlur({ factor: 0.5, kernelSize: 5, sigma: [0.1, 2], valueRange: [0, 1] });
 */
export function randomGaussianBlur(options: RandomGaussianBlurOptions = {}): Layer {
  const kind = "randomGaussianBlur";
  checkLayerOptions(kind, options, ["factor", "kernelSize", "sigma", "valueRange"]);
  const { factor = 1, kernelSize = 3 } = options;
  const [low, high] = valueRangeOf(kind, options.valueRange);
  checkProbability(kind, "factor", factor);
  const size = typeof kernelSize === "number" ? ([kernelSize, kernelSize] as const) : kernelSize;
  const odd =
    Array.isArray(size) && size.length === 2 && size.every((each) => Number.isInteger(each) && each % 2 === 1);
  if (!odd || size.some((each) => each < 1)) {
    fail(`${kind} got kernelSize = ${show(kernelSize)}`, "an odd number of pixels, or [height, width]");
  }
  const range = rangeOf(kind, "sigma", options.sigma ?? 1, [0, 1000], upTo);
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      const blurred = gaussianBlur(images, size, perImage(key, 0, images, range).add(1e-6)).clip(low, high);
      return factor === 1 ? blurred : where(chosen(key, 1, images, factor), blurred, images);
    },
  });
}
