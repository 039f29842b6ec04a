import type { Tensor } from "../../tensor/index.ts";
import type { Shape } from "../../util/index.ts";
import { checkFlag, checkNumber } from "../checks.ts";
import { axesOf, type NormalizedAxes } from "../feature-axes.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface LayerNormalizationOptions extends LayerOptions {
  /** The axis or axes over which mean and variance are taken, the batch being axis 0; default -1 (Keras). */
  axis?: NormalizedAxes;
  /** Added to the variance; default 0.001 (Keras; PyTorch's is 1e-5). */
  epsilon?: number;
  /** Add beta; default true (Keras). */
  center?: boolean;
  /** Multiply by gamma; default true (Keras). */
  scale?: boolean;
  /** Default "zeros" (Keras). */
  betaInitializer?: InitializerSpec;
  /** Default "ones" (Keras). */
  gammaInitializer?: InitializerSpec;
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and (biased) variance over the features of each sample and place
 * (Ba et al., 2016). Weights, of the sizes of the axes: gamma, beta.
 *
 * @example
 * layers.layerNormalization();
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  checkLayerOptions("layerNormalization", options, OPTIONS);
  const { axis = -1, epsilon = 1e-3, center = true, scale = true } = options;
  checkFlag("layerNormalization", "scale", scale);
  checkNumber("layerNormalization", "epsilon", epsilon, 0);
  const gammaInitializer = resolveInitializer(options.gammaInitializer ?? "ones");
  const betaInitializer = resolveInitializer(options.betaInitializer ?? "zeros");
  const sizes = (input: Shape): Shape => axesOf("layerNormalization", axis, input).map((each) => input[each - 1] ?? 1);

  return defineLayer({
    kind: "layerNormalization",
    options,
    stepwise: axis === -1,
    outputShape(input) {
      sizes(input);
      return input;
    },
    weights: (input) => ({
      gamma: scale ? trainable(sizes(input), gammaInitializer) : undefined,
      beta: center ? trainable(sizes(input), betaInitializer) : undefined,
    }),
    call(x, { gamma, beta }) {
      const axes = axesOf("layerNormalization", axis, x.shape.slice(1));
      const along = x.shape.map((size, each) => (axes.includes(each) ? size : 1));
      const spread = (features: Tensor) => features.reshape(along);
      const centered = x.sub(x.mean({ axis: axes, keepdims: true }));
      const variance = centered.square().mean({ axis: axes, keepdims: true });
      const normalized = centered.mul(variance.add(epsilon).rsqrt());
      const scaled = gamma ? normalized.mul(spread(gamma)) : normalized;
      return beta ? scaled.add(spread(beta)) : scaled;
    },
  });
}

const OPTIONS = ["axis", "epsilon", "center", "scale", "betaInitializer", "gammaInitializer"];
