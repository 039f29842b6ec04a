import type { RandomKey, Tensor } from "../../tensor/index.ts";
import { fail, type Shape, show } from "../../util/index.ts";
import { checkNumber, checkWord } from "../checks.ts";
import type { ValueRange } from "../images/color.ts";
import type { FillMode, Interpolation, Sampling } from "../images/sample.ts";
import { defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial } from "./windows.ts";

/** A range to draw from, or one number, whose meaning each layer tells. */
export type Factor = number | readonly [low: number, high: number];

/** Options of layers that move pixels. */
export interface SamplingOptions extends LayerOptions {
  /** What comes in from outside; default "reflect" (Keras). */
  fillMode?: FillMode;
  /** With "constant"; default 0 (Keras). */
  fillValue?: number;
  /** Default "bilinear" (Keras). */
  interpolation?: Interpolation;
}

/** Options of layers that change colors. */
export interface ColorOptions extends LayerOptions {
  /** The values of black and white; default [0, 255] (Keras). Results are cut off there. */
  valueRange?: readonly [low: number, high: number];
}

export const SAMPLING_OPTIONS = ["fillMode", "fillValue", "interpolation"] as const;

/**
 * A layer of images that changes them at random, each by numbers of its own, while training; else it lets them pass.
 *
 * @param change gets float32 [N, H, W, C].
 */
export function defineImageLayer(recipe: {
  kind: string;
  options: object;
  /** Number of channels that the images must have. */
  channels?: number;
  /** Default: while training. */
  always?: boolean;
  change: (images: Tensor, key: RandomKey) => Tensor;
}): Layer {
  const { kind, options, channels, always = false, change } = recipe;
  return defineLayer({
    kind,
    options,
    outputShape(input) {
      checkImages(input, channels);
      return input;
    },
    call: (x, _, context) => (context.training || always ? change(asFloat(x), context.key) : x),
  });
}

/** @throws DescentError "received ..." for samples that are no images. */
export function checkImages(input: Shape, channels?: number): void {
  checkSpatial(input, 2);
  if (channels !== undefined && input[2] !== channels) {
    fail(`received images of ${input[2]} channels`, `${channels} channels: red, green and blue`);
  }
}

/** Pixels as float32. */
export function asFloat(images: Tensor): Tensor {
  return images.dtype === "float32" ? images : images.cast("float32");
}

/**
 * A number for each image, uniform in the range, [N, 1, 1, 1].
 *
 * @param use sets a layer's draws apart.
 */
export function perImage(key: RandomKey, use: number, images: Tensor, [min, max]: ValueRange): Tensor {
  return key.fold(use).uniform([images.shape[0] ?? 1, 1, 1, 1], { min, max });
}

/** True for the images that a coin with this probability chooses, [N, 1, 1, 1]. */
export function chosen(key: RandomKey, use: number, images: Tensor, probability: Factor): Tensor {
  if (typeof probability === "number") return key.fold(use).bernoulli(probability, [images.shape[0] ?? 1, 1, 1, 1]);
  return perImage(key, use, images, [0, 1]).less(perImage(key, ~use, images, probability));
}

/**
 * An option that is a range, or a number from which `around` makes one.
 *
 * @throws DescentError for anything that is no range within [low, high].
 */
export function rangeOf(
  kind: string,
  name: string,
  value: unknown,
  [low, high]: readonly [number, number],
  around: (value: number) => readonly [number, number],
): ValueRange {
  if (typeof value === "number") {
    checkNumber(kind, name, value, low, high);
    return around(value);
  }
  const [from, to, ...rest] = (Array.isArray(value) ? value : []) as unknown[];
  const numbers = typeof from === "number" && typeof to === "number" && rest.length === 0;
  if (!numbers || !(from >= low && from <= to && to <= high)) {
    fail(`${kind} got ${name} = ${show(value)}`, `a number, or a range [low, high], from ${low} to ${high}`);
  }
  return [from, to];
}

/** From -value to value. */
export const symmetric = (value: number): readonly [number, number] => [-Math.abs(value), Math.abs(value)];

/** From 0 to value. */
export const upTo = (value: number): readonly [number, number] => [Math.min(0, value), Math.max(0, value)];

/** A probability, or a range of which one is drawn for each image. */
export function checkProbability(kind: string, name: string, value: Factor): void {
  rangeOf(kind, name, value, [0, 1], (each) => [each, each]);
}

/** Checked options of how pixels are read. */
export function samplingOf(kind: string, options: SamplingOptions): Sampling {
  const { fillMode = "reflect", fillValue = 0, interpolation = "bilinear" } = options;
  checkWord(kind, "fillMode", fillMode, ["constant", "reflect", "wrap", "nearest"]);
  checkNumber(kind, "fillValue", fillValue);
  checkWord(kind, "interpolation", interpolation, ["nearest", "bilinear"]);
  return { fillMode, fillValue, interpolation };
}

/** The checked range of values. */
export function valueRangeOf(kind: string, value: unknown = [0, 255]): ValueRange {
  const [low, high, ...rest] = (Array.isArray(value) ? value : []) as unknown[];
  const numbers = Number.isFinite(low) && Number.isFinite(high) && rest.length === 0;
  if (!numbers || (low as number) >= (high as number)) {
    fail(`${kind} got valueRange = ${show(value)}`, "the values of black and white, such as [0, 255] or [0, 1]");
  }
  return [low as number, high as number];
}
