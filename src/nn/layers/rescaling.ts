import { checkNumber } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface RescalingOptions extends LayerOptions {
  /** Default 0 (Keras). */
  offset?: number;
}

/**
 * y = x scale + offset, the same for all elements (Keras's Rescaling).
 *
 * @example
 * layers.rescaling(1 / 127.5, { offset: -1 }); // bytes to [-1, 1]
 */
export function rescaling(scale: number, options: RescalingOptions = {}): Layer {
  checkLayerOptions("rescaling", options, ["offset"]);
  const { offset = 0 } = options;
  checkNumber("rescaling", "scale", scale);
  checkNumber("rescaling", "offset", offset);
  return defineLayer({
    kind: "rescaling",
    options: { scale, ...options },
    outputShape: (input) => input,
    call: (x) => x.mul(scale).add(offset),
  });
}
rescaling.positional = ["scale"];
