import type { RandomKey, Tensor } from "../../tensor/index.ts";
import { checkOptions, fail, show } from "../../util/index.ts";
import { type WarpParts, warp, warpMap } from "../images/warp.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import {
  defineImageLayer,
  type Factor,
  perImage,
  rangeOf,
  SAMPLING_OPTIONS,
  type SamplingOptions,
  samplingOf,
  symmetric,
} from "./random-image.ts";

export interface RandomAffineOptions extends SamplingOptions {
  /** Turn, as `randomRotation`'s factor; default 0. */
  rotation?: Factor;
  /** Size, as `randomZoom`'s factor, both axes alike; default 0. */
  zoom?: Factor;
  /** Move, as `randomTranslation`'s factors, [height, width] or one for both; default 0. */
  translation?: Factor | { readonly height?: Factor; readonly width?: Factor };
  /** Shear, as `randomShear`'s factors; default 0. */
  shear?: { readonly x?: Factor; readonly y?: Factor };
}

/**
 * In training, turns, resizes, shears and moves each image at once, reading every pixel once: in = zoom shear rotation out - move, about
 * the image's center (as torchvision's RandomAffine; the factors are those of Keras's single layers).
 *
 * @example
 * layers.randomAffine({ rotation: 10 / 360, zoom: 0.1, translation: 0.07, fillMode: "constant" });
 */
export function randomAffine(options: RandomAffineOptions = {}): Layer {
  checkLayerOptions("randomAffine", options, ["rotation", "zoom", "translation", "shear", ...SAMPLING_OPTIONS]);
  const { rotation = 0, zoom = 0, translation = 0, shear = {} } = options;
  const apart = isRecord(translation);
  if (apart) checkOptions("randomAffine's translation", translation, ["height", "width"]);
  if (!isRecord(shear)) fail(`randomAffine got shear = ${show(shear)}`, "{ x, y }, factors");
  checkOptions("randomAffine's shear", shear, ["x", "y"]);
  const moves = (apart ? translation : { height: translation, width: translation }) as Moves;
  return affineLayer("randomAffine", options, options, {
    angle: range("randomAffine", "rotation", rotation, 1),
    zoom: zoom === 0 ? undefined : [zoomRange("randomAffine", "zoom", zoom), undefined],
    shear: [range("randomAffine", "shear.x", shear.x ?? 0, 1), range("randomAffine", "shear.y", shear.y ?? 0, 1)],
    shift: [
      range("randomAffine", "translation", moves.height ?? 0, 1),
      range("randomAffine", "translation", moves.width ?? 0, 1),
    ],
  });
}

/**
 * In training, turns each image about its center by factor 2 pi radians, counter-clockwise; a single factor f draws from [-f, f] (Keras's
 * RandomRotation).
 *
 * @example
 * layers.randomRotation(15 / 360);
 */
export function randomRotation(factor: Factor, options: SamplingOptions = {}): Layer {
  checkLayerOptions("randomRotation", options, SAMPLING_OPTIONS);
  const angle = range("randomRotation", "factor", factor, 1);
  return affineLayer("randomRotation", { factor, ...options }, options, { angle });
}
randomRotation.positional = ["factor"];

export interface RandomZoomOptions extends SamplingOptions {
  /** Factor of the width; default that of the height, drawn together, which keeps the aspect ratio (Keras). */
  widthFactor?: Factor;
}

/**
 * In training, shrinks each image by 1 / (1 + factor): 0.2 zooms out, -0.2 zooms in; a single factor f draws from [-f, f] (Keras's
 * RandomZoom).
 *
 * @example
 * layers.randomZoom(0.1);
 */
export function randomZoom(heightFactor: Factor, options: RandomZoomOptions = {}): Layer {
  checkLayerOptions("randomZoom", options, ["widthFactor", ...SAMPLING_OPTIONS]);
  const { widthFactor } = options;
  const rows = zoomRange("randomZoom", "heightFactor", heightFactor);
  const columns = widthFactor === undefined ? undefined : zoomRange("randomZoom", "widthFactor", widthFactor);
  return affineLayer("randomZoom", { heightFactor, ...options }, options, { zoom: [rows, columns] });
}
randomZoom.positional = ["heightFactor"];

/**
 * In training, moves each image down and to the right by these shares of its height and width; a single factor f draws from [-f, f]
 * (Keras's RandomTranslation).
 *
 * @example
 * layers.randomTranslation(0.1, 0.1);
 */
export function randomTranslation(heightFactor: Factor, widthFactor: Factor, options: SamplingOptions = {}): Layer {
  checkLayerOptions("randomTranslation", options, SAMPLING_OPTIONS);
  const shift = [
    range("randomTranslation", "heightFactor", heightFactor, 1),
    range("randomTranslation", "widthFactor", widthFactor, 1),
  ] as const;
  return affineLayer("randomTranslation", { heightFactor, widthFactor, ...options }, options, { shift });
}
randomTranslation.positional = ["heightFactor", "widthFactor"];

export interface RandomShearOptions extends SamplingOptions {
  /** Pixels to the side per pixel of height; default 0 (Keras). */
  xFactor?: Factor;
  /** Pixels down per pixel of width; default 0 (Keras). */
  yFactor?: Factor;
}

/**
 * In training, shears each image about its center: columnIn = column + x row, rowIn = row + y column, drawn from [-f, f] for a single
 * factor f from 0 to 1 (Keras's RandomShear, which shears about the upper left corner).
 *
 * @example
 * layers.randomShear({ xFactor: 0.2 });
 */
export function randomShear(options: RandomShearOptions = {}): Layer {
  checkLayerOptions("randomShear", options, ["xFactor", "yFactor", ...SAMPLING_OPTIONS]);
  const { xFactor = 0, yFactor = 0 } = options;
  const shear = [range("randomShear", "xFactor", xFactor, 1), range("randomShear", "yFactor", yFactor, 1)] as const;
  return affineLayer("randomShear", options, options, { shear });
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Range = readonly [low: number, high: number];
type Moves = { readonly height?: Factor; readonly width?: Factor };

/** Ranges of what a warp is made of; undefined columns of the zoom follow its rows. */
interface Ranges {
  readonly angle?: Range;
  readonly zoom?: readonly [rows: Range, columns: Range | undefined] | undefined;
  readonly shear?: readonly [x: Range, y: Range];
  readonly shift?: readonly [down: Range, right: Range];
}

function range(kind: string, name: string, value: Factor, most: number): Range {
  return rangeOf(kind, name, value, [-most, most], symmetric);
}

/** What distances are multiplied by. */
function zoomRange(kind: string, name: string, value: Factor): Range {
  const [low, high] = rangeOf(kind, name, value, [-0.99, 10], symmetric);
  return [1 + Math.max(low, -0.99), 1 + high];
}

function affineLayer(kind: string, options: object, sampling: SamplingOptions, ranges: Ranges): Layer {
  const how = samplingOf(kind, sampling);
  const still = ([low, high]: Range) => low === 0 && high === 0;
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      const [, height = 1, width = 1] = images.shape;
      const draw = (use: number, range: Range) => drawn(key, use, images, range);
      const { angle, zoom, shear, shift } = ranges;
      let parts: WarpParts = {};
      if (angle && !still(angle)) parts = { ...parts, angle: draw(0, angle).mul(2 * Math.PI) };
      if (zoom) {
        const rows = draw(1, zoom[0]);
        parts = { ...parts, zoom: [rows, zoom[1] ? draw(2, zoom[1]) : rows] };
      }
      if (shear && !shear.every(still)) parts = { ...parts, shear: [draw(3, shear[0]), draw(4, shear[1])] };
      if (shift && !shift.every(still)) {
        parts = { ...parts, shift: [draw(5, shift[0]).mul(height), draw(6, shift[1]).mul(width)] };
      }
      return Object.keys(parts).length === 0 ? images : warp(images, warpMap(parts), how);
    },
  });
}

function drawn(key: RandomKey, use: number, images: Tensor, range: Range): Tensor {
  return perImage(key, use, images, range).reshape([-1, 1, 1]);
}
