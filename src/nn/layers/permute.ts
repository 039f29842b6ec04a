import { fail, formatShape, show } from "../../util/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * The axes in another order: axis i of the output is axis dims[i - 1] of the input, counted from 1, the batch being axis 0
 * (Keras).
 *
 * @example
 * layers.permute([2, 1], { inputShape: [10, 64] }); // [batch, 64, 10]
 */
export function permute(dims: readonly number[], options: LayerOptions = {}): Layer {
  checkLayerOptions("permute", options);
  const axes = Array.isArray(dims) ? dims.map((_, i) => i + 1) : [];
  if (axes.length === 0 || !axes.every((axis) => dims.includes(axis))) {
    fail(`permute got dims = ${show(dims)}`, "each axis from 1 on once, such as [2, 1] (axis 0 is the batch)");
  }
  return defineLayer({
    kind: "permute",
    options: { dims: [...dims], ...options },
    outputShape(input) {
      if (input.length === dims.length) return dims.map((axis) => input[axis - 1] ?? 1);
      fail(`received samples of shape ${formatShape(input)}`, `${dims.length} axes, as dims ${formatShape(dims)} has`);
    },
    call: (x) => x.transpose([0, ...dims]),
  });
}
permute.positional = ["dims"];
