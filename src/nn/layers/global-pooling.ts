import type { Tensor } from "../../tensor/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial, type Rank } from "./windows.ts";

export interface GlobalPoolingOptions extends LayerOptions {
  /** Keep the spatial axes, with size 1; default false (Keras). */
  keepdims?: boolean;
}

/** The largest value of each channel: [batch, steps, channels] -> [batch, channels]. */
export function globalMaxPooling1d(options: GlobalPoolingOptions = {}): Layer {
  return globalPooling("globalMaxPooling1d", 1, (x, over) => x.max(over), options);
}

/** The largest value of each channel: [batch, height, width, channels] -> [batch, channels]. */
export function globalMaxPooling2d(options: GlobalPoolingOptions = {}): Layer {
  return globalPooling("globalMaxPooling2d", 2, (x, over) => x.max(over), options);
}

/** The largest value of each channel: [batch, depth, height, width, channels] -> [batch, channels]. */
export function globalMaxPooling3d(options: GlobalPoolingOptions = {}): Layer {
  return globalPooling("globalMaxPooling3d", 3, (x, over) => x.max(over), options);
}

/** The mean of each channel: [batch, steps, channels] -> [batch, channels]. */
export function globalAveragePooling1d(options: GlobalPoolingOptions = {}): Layer {
  return globalPooling("globalAveragePooling1d", 1, (x, over) => x.mean(over), options);
}

/** The mean of each channel: [batch, height, width, channels] -> [batch, channels]. */
export function globalAveragePooling2d(options: GlobalPoolingOptions = {}): Layer {
  return globalPooling("globalAveragePooling2d", 2, (x, over) => x.mean(over), options);
}

/** The mean of each channel: [batch, depth, height, width, channels] -> [batch, channels]. */
export function globalAveragePooling3d(options: GlobalPoolingOptions = {}): Layer {
  return globalPooling("globalAveragePooling3d", 3, (x, over) => x.mean(over), options);
}

function globalPooling(
  kind: string,
  rank: Rank,
  reduce: (x: Tensor, over: { axis: number[]; keepdims: boolean }) => Tensor,
  options: GlobalPoolingOptions,
): Layer {
  checkLayerOptions(kind, options, ["keepdims"]);
  const { keepdims = false } = options;
  const axis = Array.from({ length: rank }, (_, i) => i + 1);

  return defineLayer({
    kind,
    options,
    outputShape(input) {
      checkSpatial(input, rank);
      const channels = input.slice(-1);
      return keepdims ? [...axis.map(() => 1), ...channels] : channels;
    },
    call: (x) => reduce(x, { axis, keepdims }),
  });
}
