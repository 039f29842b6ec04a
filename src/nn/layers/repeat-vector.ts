import { fail, formatShape } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * Every sample n times, as a sequence: [batch, features] -> [batch, n, features] (Keras).
 *
 * @example
 * layers.repeatVector(3, { inputShape: [32] });
 */
export function repeatVector(n: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("repeatVector", options);
  checkCount("repeatVector", "n", n);
  return defineLayer({
    kind: "repeatVector",
    options: { n, ...options },
    outputShape(input) {
      if (input.length === 1) return [n, ...input];
      fail(`received samples of shape ${formatShape(input)}`, "vectors [features]", "put flatten() before it");
    },
    call: (x) => x.expandDims(1).broadcastTo([x.shape[0] ?? 1, n, x.shape[1] ?? 1]),
  });
}
repeatVector.positional = ["n"];
