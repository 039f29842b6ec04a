import { type RandomKey, randomKey, type Tensor, where } from "../../tensor/index.ts";
import { checkOptions, fail } from "../../util/index.ts";
import { affineWarp, imageShape } from "./affineWarp.ts";

export interface ImageAugmentationOptions {
  /** Largest move as a share of height and width, in both directions (Keras' RandomTranslation). Default 0. */
  shift?: number | readonly [height: number, width: number];
  /** Mirror half of the images along this axis, "both": each axis by its own coin. Default false. */
  flip?: false | "horizontal" | "vertical" | "both";
  /** Largest turn in degrees, in both directions (torchvision's RandomRotation). Default 0. */
  rotate?: number;
  /** Size changes by a factor from 1 - zoom to 1 + zoom (Keras' ImageDataGenerator). Default 0. */
  zoom?: number;
  /** Standard deviation of normal noise added to every value. Default 0. */
  noise?: number;
  /** Value of what comes in from outside the image. Default 0. */
  fill?: number;
  /** Seed used when the function is called without a key. Default 0. */
  seed?: number;
}

/** A pure function from images [N, height, width, channels] and a key to images of the same shape. */
export type ImageAugmentation = (images: Tensor, key?: RandomKey) => Tensor;

/** Each kind of change draws from its own numbers, so that turning one on changes no other. */
const uses = {
  flipHorizontal: 1,
  flipVertical: 2,
  shiftRows: 3,
  shiftColumns: 4,
  rotate: 5,
  zoom: 6,
  noise: 7,
} as const;

/**
 * Random changes of images that keep what they show, made anew for every image and every call: shifted, mirrored, turned, zoomed, noisy.
 * Built from tensor operations, so that it compiles into the training step; the same key gives the same images on every engine.
 *
 * @throws DescentError for strengths that are negative or too large, or an unknown option.
 * @example
 * const augment = imageAugmentation({ shift: 0.07, rotate: 10, zoom: 0.1 });
 * const changed = augment(ones([2, 28, 28, 1]), randomKey(7)); // [2, 28, 28, 1]
 */
export function imageAugmentation(options: ImageAugmentationOptions = {}): ImageAugmentation {
  checkOptions("imageAugmentation", options, ["shift", "flip", "rotate", "zoom", "noise", "fill", "seed"]);
  const { shift = 0, flip = false, rotate = 0, zoom = 0, noise = 0, fill = 0, seed = 0 } = options;
  const [shiftRows, shiftColumns] = typeof shift === "number" ? [shift, shift] : shift;
  checkStrength("shift", Math.max(shiftRows, shiftColumns), 1);
  checkStrength("shift", Math.min(shiftRows, shiftColumns), 1);
  checkStrength("rotate", rotate, 180);
  checkStrength("zoom", zoom, 0.99);
  checkStrength("noise", noise, Number.MAX_VALUE);
  if (![false, "horizontal", "vertical", "both"].includes(flip)) {
    fail(`imageAugmentation's flip is ${JSON.stringify(flip)}`, 'false, "horizontal", "vertical" or "both"');
  }
  if (!Number.isFinite(fill)) fail(`imageAugmentation's fill is ${fill}`, "a finite number");
  const moves = shiftRows > 0 || shiftColumns > 0 || rotate > 0 || zoom > 0;

  return (images, key = randomKey(seed)) => {
    const [count, height, width] = imageShape(images, "imageAugmentation");
    /** One number per image from -reach to reach, shape [N, 1, 1]. */
    const draw = (use: number, reach: number) => key.fold(use).uniform([count, 1, 1], { min: -reach, max: reach });
    let out = images;
    if (flip === "horizontal" || flip === "both") out = flipSome(out, 2, key.fold(uses.flipHorizontal));
    if (flip === "vertical" || flip === "both") out = flipSome(out, 1, key.fold(uses.flipVertical));
    if (moves) {
      const angle = draw(uses.rotate, (rotate * Math.PI) / 180);
      const shrink = draw(uses.zoom, zoom).add(1).reciprocal(); // a larger image is read from closer places
      const along = angle.cos().mul(shrink);
      const across = angle.sin().mul(shrink);
      const map = {
        rowFromRow: along,
        rowFromColumn: across,
        rowOffset: draw(uses.shiftRows, shiftRows * height),
        columnFromRow: across.neg(),
        columnFromColumn: along,
        columnOffset: draw(uses.shiftColumns, shiftColumns * width),
      };
      out = fill === 0 ? affineWarp(out, map) : affineWarp(out.sub(fill), map).add(fill);
    }
    return noise > 0 ? out.add(key.fold(uses.noise).normal(images.shape, { mean: 0, std: noise })) : out;
  };
}

/** Mirrors every image along `axis` with probability one half. */
function flipSome(images: Tensor, axis: number, key: RandomKey): Tensor {
  return where(key.bernoulli(0.5, [images.shape[0]!, 1, 1, 1]), images.flip(axis), images);
}

function checkStrength(name: string, value: number, most: number): void {
  if (!(value >= 0 && value <= most)) {
    fail(
      `imageAugmentation's ${name} is ${value}`,
      most === Number.MAX_VALUE ? "a number from 0" : `a number from 0 to ${most}`,
    );
  }
}
