import { arange, ones, scatterAdd, type Tensor, where } from "../../tensor/index.ts";
import { product } from "../../util/index.ts";
import type { ValueRange } from "./color.ts";

/** Stretches every channel of every image over the whole range: its least value to `low`, its greatest to `high`. */
export function autoContrast(images: Tensor, [low, high]: ValueRange): Tensor {
  const over = { axis: [1, 2], keepdims: true };
  const [least, greatest] = [images.min(over), images.max(over)];
  const spread = greatest.sub(least);
  const flat = spread.equal(0);
  const stretched = images
    .sub(least)
    .div(where(flat, 1, spread))
    .mul(high - low)
    .add(low);
  return where(flat, images, stretched);
}

/** Levels of an equalized image. */
const LEVELS = 256;

/**
 * Spreads every channel of every image so that each of 256 levels is as frequent as the others: by the cumulated histogram, as Pillow's
 * ImageOps.equalize does.
 */
export function equalize(images: Tensor, [low, high]: ValueRange): Tensor {
  const [count = 1, , , channels = 1] = images.shape;
  const unit = (LEVELS - 1) / (high - low);
  const level = images
    .sub(low)
    .mul(unit)
    .round()
    .clip(0, LEVELS - 1)
    .cast("int32");
  const tables = arange(count * channels)
    .mul(LEVELS)
    .reshape([count, 1, 1, channels]);
  const at = tables.add(level); // the level's place in the table of its image and channel
  const rows = count * channels * LEVELS;
  const places = product(images.shape);
  const histogram = scatterAdd(at.reshape([places]), ones([places]), rows).reshape([count * channels, LEVELS]);
  const index = arange(LEVELS);
  const upTo = index
    .reshape([LEVELS, 1])
    .lessEqual(index.reshape([1, LEVELS]))
    .cast("float32"); // 1 where row <= column
  const cumulated = histogram.matmul(upTo);
  const last = where(histogram.greater(0), index, -1).max({ axis: 1, keepdims: true }); // the highest level in use
  const inLast = where(index.equal(last), histogram, 0).sum({ axis: 1, keepdims: true });
  const step = cumulated
    .slice(null, [LEVELS - 1])
    .sub(inLast)
    .div(LEVELS - 1)
    .floor();
  const below = cumulated.sub(histogram);
  const spread = below
    .add(step.div(2).floor())
    .div(where(step.equal(0), 1, step))
    .floor()
    .clip(0, LEVELS - 1);
  const mapped = where(step.equal(0), index.cast("float32"), spread).reshape([rows]).take(at);
  return mapped.div(unit).add(low);
}
