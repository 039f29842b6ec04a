import { where } from "../../tensor/index.ts";
import { checkRate } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial, type Rank } from "./windows.ts";

/**
 * In training, each channel of a sequence is 0 with probability `rate`, the others are divided by 1 - rate; else nothing changes
 * (Tompson et al., 2015): [batch, steps, channels].
 *
 * @example
 * layers.spatialDropout1d(0.2);
 */
export function spatialDropout1d(rate: number, options: LayerOptions = {}): Layer {
  return spatialDropout(1, rate, options);
}
spatialDropout1d.positional = ["rate"];

/**
 * In training, each channel of an image is 0 with probability `rate`, the others are divided by 1 - rate; else nothing changes
 * (Tompson et al., 2015): [batch, height, width, channels].
 *
 * @example
 * layers.spatialDropout2d(0.2);
 */
export function spatialDropout2d(rate: number, options: LayerOptions = {}): Layer {
  return spatialDropout(2, rate, options);
}
spatialDropout2d.positional = ["rate"];

/**
 * In training, each channel of a volume is 0 with probability `rate`, the others are divided by 1 - rate; else nothing changes
 * (Tompson et al., 2015): [batch, depth, height, width, channels].
 *
 * @example
 * layers.spatialDropout3d(0.2);
 */
export function spatialDropout3d(rate: number, options: LayerOptions = {}): Layer {
  return spatialDropout(3, rate, options);
}
spatialDropout3d.positional = ["rate"];

function spatialDropout(rank: Rank, rate: number, options: LayerOptions): Layer {
  const kind = `spatialDropout${rank}d`;
  checkLayerOptions(kind, options);
  checkRate(kind, rate);
  return defineLayer({
    kind,
    options: { rate, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      return input;
    },
    call(x, _, { training, key }) {
      if (!training || rate === 0) return x;
      const channels = x.shape.map((size, axis) => (axis === 0 || axis === rank + 1 ? size : 1));
      return where(key.bernoulli(1 - rate, channels), x.mul(1 / (1 - rate)), 0);
    },
  });
}
