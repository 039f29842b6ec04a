import { where } from "../../tensor/index.ts";
import { checkRate } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/** selu's limit far below zero, - alpha scale. */
const LIMIT = -1.6732632423543772 * 1.0507009873554805;

/**
 * In training, each element becomes selu's limit -1.758 with probability `rate`, and a x + b of the result keeps mean 0 and variance 1;
 * else nothing changes: the dropout for selu (Klambauer et al., 2017; Keras, PyTorch).
 *
 * @example
 * layers.alphaDropout(0.1);
 */
export function alphaDropout(rate: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("alphaDropout", options);
  checkRate("alphaDropout", rate);
  const a = ((1 - rate) * (1 + rate * LIMIT ** 2)) ** -0.5;
  const b = -a * rate * LIMIT;
  return defineLayer({
    kind: "alphaDropout",
    options: { rate, ...options },
    stepwise: true,
    outputShape: (input) => input,
    call(x, _, { training, key }) {
      if (!training || rate === 0) return x;
      return where(key.bernoulli(1 - rate, x.shape), x.mul(a).add(b), a * LIMIT + b);
    },
  });
}
alphaDropout.positional = ["rate"];
