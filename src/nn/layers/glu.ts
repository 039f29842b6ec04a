import { split } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface GluOptions extends LayerOptions {
  /**
   * Of the gate: "sigmoid", the default (GLU); "silu" for SwiGLU, "gelu" for GEGLU, "relu" for ReGLU, "linear" for the bilinear
   * unit (Shazeer, "GLU variants improve Transformer", 2020).
   */
  activation?: ActivationSpec;
  /** The axis that is halved, the batch being axis 0; default -1 (Keras, PyTorch). */
  axis?: number;
}

/**
 * y = a activation(b), a and b the two halves of x along an axis: a gated linear unit (Dauphin et al., 2017; PyTorch); with
 * activation "silu" SwiGLU, with "gelu" GEGLU, with "relu" ReGLU (Shazeer, 2020): [batch, ..., 2 n] -> [batch, ..., n].
 *
 * @example
 * layers.glu({ activation: "silu", inputShape: [128] }); // SwiGLU of 64 values and 64 gates
 */
export function glu(options: GluOptions = {}): Layer {
  checkLayerOptions("glu", options, ["activation", "axis"]);
  const { axis = -1 } = options;
  const activation = resolveActivation(options.activation ?? "sigmoid");
  if (!Number.isInteger(axis) || axis === 0) fail(`glu got axis = ${axis}`, "an axis other than 0, which is the batch");
  return defineLayer({
    kind: "glu",
    options,
    stepwise: axis === -1,
    outputShape(input): Shape {
      const along = axis < 0 ? input.length + axis : axis - 1;
      const size = input[along];
      if (size !== undefined && size % 2 === 0) return input.map((each, i) => (i === along ? each / 2 : each));
      fail(`received samples of shape ${formatShape(input)}`, `an even number of elements along axis ${axis}`);
    },
    call(x) {
      const [value, gate] = split(x, 2, { axis });
      return value && gate ? value.mul(activation(gate)) : x;
    },
  });
}
