import { fail, formatShape } from "../../util/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { type Margins, marginsOf } from "./margins.ts";
import { checkSpatial, type Rank } from "./windows.ts";

/**
 * The steps without the first and last ones: [batch, steps, channels] -> [batch, steps - before - after, channels].
 * `cropping`: of both sides, or [before, after]; default 1 (Keras).
 *
 * @example
 * layers.cropping1d([0, 2]);
 */
export function cropping1d(cropping: Margins<1> = 1, options: LayerOptions = {}): Layer {
  return crop(1, cropping, options);
}
cropping1d.positional = ["cropping"];

/**
 * An image without its margins: [batch, height, width, channels] -> [batch, height - top - bottom, width - left - right,
 * channels]. `cropping`: of all sides, [vertical, horizontal], or [[top, bottom], [left, right]]; default 0 (Keras).
 *
 * @example
 * layers.cropping2d([2, 4]);
 */
export function cropping2d(cropping: Margins<2> = 0, options: LayerOptions = {}): Layer {
  return crop(2, cropping, options);
}
cropping2d.positional = ["cropping"];

/**
 * A volume without its margins: [batch, depth, height, width, channels] -> [batch, ...smaller, channels]. `cropping`: of
 * all sides, one number per axis, or [before, after] per axis; default 1 (Keras).
 *
 * @example
 * layers.cropping3d([0, 1, 1]);
 */
export function cropping3d(cropping: Margins<3> = 1, options: LayerOptions = {}): Layer {
  return crop(3, cropping, options);
}
cropping3d.positional = ["cropping"];

function crop<R extends Rank>(rank: R, cropping: Margins<R>, options: LayerOptions): Layer {
  const kind = `cropping${rank}d`;
  checkLayerOptions(kind, options);
  const margins = marginsOf(kind, "cropping", cropping, rank);

  return defineLayer({
    kind,
    options: { cropping, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      const output = input.map((length, axis) => length - (margins[axis]?.[0] ?? 0) - (margins[axis]?.[1] ?? 0));
      if (output.some((length) => length < 1)) {
        fail(
          `received samples of shape ${formatShape(input)}, of which nothing is left`,
          "margins smaller than the sample",
        );
      }
      return output;
    },
    call: (x) =>
      x.slice(null, ...margins.map(([before, after], axis) => [before, (x.shape[axis + 1] ?? 0) - after] as const)),
  });
}
