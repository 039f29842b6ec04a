import { averagePool, maxPool } from "../../tensor/index.ts";
import { checkWord } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial, type PerAxis, perAxis, type Rank, slide } from "./windows.ts";

interface PoolingOptions<R extends Rank> extends LayerOptions {
  /** Size of the window; default 2 (Keras). */
  poolSize?: PerAxis<R>;
  /** Default poolSize: windows side by side (Keras). */
  strides?: PerAxis<R>;
  /** "valid": only whole windows, the default (Keras); "same": all of the input is covered. */
  padding?: "valid" | "same";
}

export type Pooling1dOptions = PoolingOptions<1>;
export type Pooling2dOptions = PoolingOptions<2>;
export type Pooling3dOptions = PoolingOptions<3>;

/**
 * The largest value of each window: [batch, steps, channels] -> [batch, out, channels].
 *
 * @example
 * layers.maxPooling1d({ poolSize: 3, strides: 2 });
 */
export function maxPooling1d(options: Pooling1dOptions = {}): Layer {
  return pooling("maxPooling1d", 1, maxPool, options);
}

/**
 * The largest value of each window: [batch, height, width, channels] -> [batch, out height, out width, channels].
 *
 * @example
 * layers.maxPooling2d();
 */
export function maxPooling2d(options: Pooling2dOptions = {}): Layer {
  return pooling("maxPooling2d", 2, maxPool, options);
}

/**
 * The largest value of each window: [batch, depth, height, width, channels] -> [batch, ...out, channels].
 *
 * @example
 * layers.maxPooling3d({ poolSize: [1, 2, 2] });
 */
export function maxPooling3d(options: Pooling3dOptions = {}): Layer {
  return pooling("maxPooling3d", 3, maxPool, options);
}

/** The mean of each window, padding not counted: [batch, steps, channels] -> [batch, out, channels]. */
export function averagePooling1d(options: Pooling1dOptions = {}): Layer {
  return pooling("averagePooling1d", 1, averagePool, options);
}

/**
 * The mean of each window, padding not counted: [batch, height, width, channels] -> [batch, out height, out width,
 * channels].
 */
export function averagePooling2d(options: Pooling2dOptions = {}): Layer {
  return pooling("averagePooling2d", 2, averagePool, options);
}

/** The mean of each window, padding not counted: [batch, depth, height, width, channels] -> [batch, ...out, channels]. */
export function averagePooling3d(options: Pooling3dOptions = {}): Layer {
  return pooling("averagePooling3d", 3, averagePool, options);
}

function pooling<R extends Rank>(kind: string, rank: R, pool: typeof maxPool, options: PoolingOptions<R>): Layer {
  checkLayerOptions(kind, options, ["poolSize", "strides", "padding"]);
  const { poolSize = 2, padding = "valid" } = options;
  checkWord(kind, "padding", padding, ["valid", "same"]);
  const size = perAxis(kind, "poolSize", poolSize, rank);
  const strides = perAxis(kind, "strides", options.strides ?? poolSize, rank);

  return defineLayer({
    kind,
    options,
    outputShape(input) {
      checkSpatial(input, rank);
      return slide(input, { size, strides, padding }, input.at(-1) ?? 1);
    },
    call: (x) => pool(x, { size, strides, padding }),
  });
}
