import { fail, formatShape } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * y[u] = the largest of x[u k], ..., x[u k + k - 1], the k neighboring pieces of each unit, along the last axis (Goodfellow et al.,
 * 2013): [batch, ..., units k] -> [batch, ..., units].
 *
 * @example
 * layers.maxout(16, { inputShape: [64] }); // four pieces for each unit
 */
export function maxout(units: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("maxout", options);
  checkCount("maxout", "units", units);
  return defineLayer({
    kind: "maxout",
    options: { units, ...options },
    stepwise: true,
    outputShape(input) {
      const size = input.at(-1) ?? 0;
      if (size > 0 && size % units === 0) return [...input.slice(0, -1), units];
      fail(`received samples of shape ${formatShape(input)}`, `features (the last axis) divisible by ${units} units`);
    },
    call: (x) => x.reshape([...x.shape.slice(0, -1), units, -1]).max({ axis: -1 }),
  });
}
maxout.positional = ["units"];
