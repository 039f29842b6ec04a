import { where } from "../../tensor/index.ts";
import { checkRate } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * In training, each element is 0 with probability `rate`, the others are divided by 1 - rate; else nothing changes
 * (Srivastava et al., 2014; the inverted form of Keras and PyTorch).
 *
 * @example
 * layers.dropout(0.5);
 */
export function dropout(rate: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("dropout", options);
  checkRate("dropout", rate);

  return defineLayer({
    kind: "dropout",
    options: { rate, ...options },
    stepwise: true,
    outputShape: (input) => input,
    call(x, _, { training, key }) {
      if (!training || rate === 0) return x;
      const kept = key.bernoulli(1 - rate, x.shape);
      return where(kept, x.mul(1 / (1 - rate)), 0);
    },
  });
}
dropout.positional = ["rate"];
