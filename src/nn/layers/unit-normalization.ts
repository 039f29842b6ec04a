import { fail, formatShape, show } from "../../util/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface UnitNormalizationOptions extends LayerOptions {
  /** The axis or axes whose length becomes 1, the batch being axis 0; default -1 (Keras). */
  axis?: number | readonly number[];
}

/**
 * y = x / |x|, the Euclidean length along `axis`, at least 1e-12 (Keras's UnitNormalization, PyTorch's normalize); any shape.
 *
 * @example
 * layers.unitNormalization();
 */
export function unitNormalization(options: UnitNormalizationOptions = {}): Layer {
  checkLayerOptions("unitNormalization", options, ["axis"]);
  const { axis = -1 } = options;
  const axes = typeof axis === "number" ? [axis] : axis;
  if (!Array.isArray(axes) || axes.length === 0 || !axes.every((each) => Number.isInteger(each) && each !== 0)) {
    fail(`unitNormalization got axis = ${show(axis)}`, "an axis or axes other than 0, which is the batch");
  }
  return defineLayer({
    kind: "unitNormalization",
    options,
    stepwise: axis === -1,
    outputShape(input) {
      const beyond = axes.find((each) => each < -input.length || each > input.length);
      if (beyond === undefined) return input;
      fail(`received samples of shape ${formatShape(input)}`, `axis ${beyond} (axis 0 is the batch)`);
    },
    call: (x) => x.div(x.square().sum({ axis: axes, keepdims: true }).maximum(1e-24).sqrt()),
  });
}
