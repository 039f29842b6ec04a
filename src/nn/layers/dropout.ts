import { where } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
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
  checkNumber("dropout", "rate", rate, 0, 1);
  if (rate === 1) fail("dropout got rate = 1, which leaves nothing", "a number from 0 up to, but not, 1");

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
