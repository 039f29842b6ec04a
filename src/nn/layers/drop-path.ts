import { where } from "../../tensor/index.ts";
import { checkRate } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * In training, a whole sample is 0 with probability `rate`, the others are divided by 1 - rate; else nothing changes: put at a
 * residual branch's end, stochastic depth (Huang et al., 2016; in this form Larsson et al., 2017, and timm); any shape.
 *
 * @example
 * const x = layers.input({ shape: [16] });
 * const y = layers.add()([x, layers.dropPath(0.1)(layers.dense(16)(x))]);
 */
export function dropPath(rate: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("dropPath", options);
  checkRate("dropPath", rate);
  return defineLayer({
    kind: "dropPath",
    options: { rate, ...options },
    stepwise: true,
    outputShape: (input) => input,
    call(x, _, { training, key }) {
      if (!training || rate === 0) return x;
      const samples = x.shape.map((size, axis) => (axis === 0 ? size : 1));
      return where(key.bernoulli(1 - rate, samples), x.mul(1 / (1 - rate)), 0);
    },
  });
}
dropPath.positional = ["rate"];
