import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkFlag, checkNumber } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, moving, trainable } from "../layer.ts";

export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis whose entries (channels) are normalized one by one, the batch being axis 0; default -1 (Keras). */
  axis?: number;
  /** How much of the moving statistics is kept in a step; default 0.99 (Keras; PyTorch's momentum is 1 - 0.9). */
  momentum?: number;
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
  /** Default "zeros" (Keras). */
  movingMeanInitializer?: InitializerSpec;
  /** Default "ones" (Keras). */
  movingVarianceInitializer?: InitializerSpec;
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) gamma + beta, for each channel (Ioffe & Szegedy, 2015).
 *
 * In training, mean and (biased) variance are the batch's, and the moving ones follow them:
 * moving = momentum moving + (1 - momentum) batch, with the biased variance, as in Keras. Else, and while the layer is
 * frozen, the moving ones are used.
 * Weights, all [channels]: gamma, beta; movingMean, movingVariance (not trained).
 *
 * @example
 * layers.batchNormalization();
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  checkLayerOptions("batchNormalization", options, OPTIONS);
  const { axis = -1, momentum = 0.99, epsilon = 1e-3, center = true, scale = true } = options;
  checkFlag("batchNormalization", "scale", scale);
  checkNumber("batchNormalization", "momentum", momentum, 0, 1);
  checkNumber("batchNormalization", "epsilon", epsilon, 0);
  if (!Number.isInteger(axis) || axis === 0) {
    fail(`batchNormalization got axis = ${axis}`, "an axis other than 0, which is the batch");
  }
  const initial = {
    gamma: resolveInitializer(options.gammaInitializer ?? "ones"),
    beta: resolveInitializer(options.betaInitializer ?? "zeros"),
    movingMean: resolveInitializer(options.movingMeanInitializer ?? "zeros"),
    movingVariance: resolveInitializer(options.movingVarianceInitializer ?? "ones"),
  };
  const channelsOf = (input: Shape): Shape => [input[axis < 0 ? input.length + axis : axis - 1] ?? 1];

  return defineLayer({
    kind: "batchNormalization",
    options,
    outputShape(input) {
      if (axis < -input.length || axis > input.length) {
        fail(`received samples of shape ${formatShape(input)}`, `axis ${axis} (axis 0 is the batch)`);
      }
      return input;
    },
    weights(input) {
      const channels = channelsOf(input);
      return {
        gamma: scale ? trainable(channels, initial.gamma) : undefined,
        beta: center ? trainable(channels, initial.beta) : undefined,
        movingMean: moving(channels, initial.movingMean),
        movingVariance: moving(channels, initial.movingVariance),
      };
    },
    call(x, { gamma, beta, movingMean, movingVariance }, { training, trainable: trains, update }) {
      const channelAxis = axis < 0 ? x.rank + axis : axis;
      const others = x.shape.map((_, other) => other).filter((other) => other !== channelAxis);
      const along = x.shape.map((size, other) => (other === channelAxis ? size : 1)); // [1, ..., channels]
      const spread = (channels: Tensor) => channels.reshape(along);

      let [mean, variance] = [movingMean, movingVariance];
      if (training && trains) {
        mean = x.mean({ axis: others });
        variance = x.sub(spread(mean)).square().mean({ axis: others });
        update("movingMean", movingMean.mul(momentum).add(mean.mul(1 - momentum)));
        update("movingVariance", movingVariance.mul(momentum).add(variance.mul(1 - momentum)));
      }
      const normalized = x.sub(spread(mean)).mul(spread(variance.add(epsilon).rsqrt()));
      const scaled = gamma ? normalized.mul(spread(gamma)) : normalized;
      return beta ? scaled.add(spread(beta)) : scaled;
    },
  });
}

const OPTIONS = [
  "axis",
  "momentum",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "movingMeanInitializer",
  "movingVarianceInitializer",
];
