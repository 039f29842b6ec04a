import type { Shape } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { axesOf, type NormalizedAxes } from "../feature-axes.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface RmsNormalizationOptions extends LayerOptions {
  /** The axis or axes over which squares are averaged, the batch being axis 0; default -1 (Keras). */
  axis?: NormalizedAxes;
  /** Added to the mean of squares; default 1e-6 (Keras). */
  epsilon?: number;
  /** Default "ones" (Keras). */
  scaleInitializer?: InitializerSpec;
}

/**
 * y = x / sqrt(mean(x^2) + epsilon) scale, over the features of each sample and place (Zhang & Sennrich, 2019). Weights, of the
 * sizes of the axes: scale.
 *
 * @example
 * layers.rmsNormalization();
 */
export function rmsNormalization(options: RmsNormalizationOptions = {}): Layer {
  checkLayerOptions("rmsNormalization", options, ["axis", "epsilon", "scaleInitializer"]);
  const { axis = -1, epsilon = 1e-6 } = options;
  checkNumber("rmsNormalization", "epsilon", epsilon, 0);
  const initializer = resolveInitializer(options.scaleInitializer ?? "ones");
  const sizes = (input: Shape): Shape => axesOf("rmsNormalization", axis, input).map((each) => input[each - 1] ?? 1);

  return defineLayer({
    kind: "rmsNormalization",
    options,
    stepwise: axis === -1,
    outputShape(input) {
      sizes(input);
      return input;
    },
    weights: (input) => ({ scale: trainable(sizes(input), initializer) }),
    call(x, { scale }) {
      const axes = axesOf("rmsNormalization", axis, x.shape.slice(1));
      const along = x.shape.map((size, each) => (axes.includes(each) ? size : 1));
      const squares = x.square().mean({ axis: axes, keepdims: true });
      return x.mul(squares.add(epsilon).rsqrt()).mul(scale.reshape(along));
    },
  });
}
