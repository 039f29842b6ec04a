import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { type Margins, marginsOf } from "./margins.ts";
import { checkSpatial, type Rank } from "./windows.ts";

/**
 * Zeros before and after the steps: [batch, steps, channels] -> [batch, before + steps + after, channels]. `padding`: for
 * both sides, or [before, after]; default 1 (Keras).
 *
 * @example
 * layers.zeroPadding1d([2, 0]);
 */
export function zeroPadding1d(padding: Margins<1> = 1, options: LayerOptions = {}): Layer {
  return zeroPadding(1, padding, options);
}
zeroPadding1d.positional = ["padding"];

/**
 * Zeros around an image: [batch, height, width, channels] -> [batch, top + height + bottom, left + width + right,
 * channels]. `padding`: for all sides, [vertical, horizontal], or [[top, bottom], [left, right]]; default 1 (Keras).
 *
 * @example
 * layers.zeroPadding2d([[0, 1], [0, 1]]);
 */
export function zeroPadding2d(padding: Margins<2> = 1, options: LayerOptions = {}): Layer {
  return zeroPadding(2, padding, options);
}
zeroPadding2d.positional = ["padding"];

/**
 * Zeros around a volume: [batch, depth, height, width, channels] -> [batch, ...larger, channels]. `padding`: for all sides,
 * one number per axis, or [before, after] per axis; default 1 (Keras).
 *
 * @example
 * layers.zeroPadding3d([0, 1, 1]);
 */
export function zeroPadding3d(padding: Margins<3> = 1, options: LayerOptions = {}): Layer {
  return zeroPadding(3, padding, options);
}
zeroPadding3d.positional = ["padding"];

function zeroPadding<R extends Rank>(rank: R, padding: Margins<R>, options: LayerOptions): Layer {
  const kind = `zeroPadding${rank}d`;
  checkLayerOptions(kind, options);
  const margins = marginsOf(kind, "padding", padding, rank);

  return defineLayer({
    kind,
    options: { padding, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      return input.map((length, axis) => length + (margins[axis]?.[0] ?? 0) + (margins[axis]?.[1] ?? 0));
    },
    call: (x) => x.pad([[0, 0], ...margins, [0, 0]]),
  });
}
