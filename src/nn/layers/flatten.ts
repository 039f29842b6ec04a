import { product } from "../../util/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/** Every sample as one row: [batch, a, b, ...] -> [batch, a b ...]. */
export function flatten(options: LayerOptions = {}): Layer {
  checkLayerOptions("flatten", options);
  return defineLayer({
    kind: "flatten",
    options,
    outputShape: (input) => [product(input)],
    call: (x) => x.reshape([x.shape[0] ?? 1, product(x.shape.slice(1))]),
  });
}
