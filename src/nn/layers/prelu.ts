import { where } from "../../tensor/index.ts";
import { fail, formatShape, show } from "../../util/index.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface PreluOptions extends LayerOptions {
  /** Default "zeros" (Keras; PyTorch begins with 0.25, as the paper). */
  alphaInitializer?: InitializerSpec;
  /** Axes along which slopes are shared, the batch being axis 0; [1, 2]: one per channel of an image. Default: none (Keras). */
  sharedAxes?: readonly number[];
}

/**
 * x above zero, alpha x below, alpha learned (He et al., 2015); any shape. Weights: alpha, of the sample's shape with 1 along
 * `sharedAxes`.
 *
 * @example
 * layers.prelu({ sharedAxes: [1, 2], inputShape: [28, 28, 8] });
 */
export function prelu(options: PreluOptions = {}): Layer {
  checkLayerOptions("prelu", options, ["alphaInitializer", "sharedAxes"]);
  const alphaInitializer = resolveInitializer(options.alphaInitializer ?? "zeros");
  const { sharedAxes = [] } = options;
  if (!Array.isArray(sharedAxes) || !sharedAxes.every((axis) => Number.isInteger(axis) && axis > 0)) {
    fail(`prelu got sharedAxes = ${show(sharedAxes)}`, "axes from 1 on (axis 0 is the batch)");
  }
  return defineLayer({
    kind: "prelu",
    options,
    outputShape(input) {
      const beyond = sharedAxes.find((axis) => axis > input.length);
      if (beyond) fail(`received samples of shape ${formatShape(input)}`, `axis ${beyond} (axis 0 is the batch)`);
      return input;
    },
    weights: (input) => ({
      alpha: trainable(
        input.map((size, axis) => (sharedAxes.includes(axis + 1) ? 1 : size)),
        alphaInitializer,
      ),
    }),
    call: (x, { alpha }) => where(x.greater(0), x, x.mul(alpha)),
  });
}
