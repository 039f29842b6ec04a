import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkCount, checkFlag, checkNumber } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface InstanceNormalizationOptions extends LayerOptions {
  /** The axis of channels, the batch being axis 0; default -1 (Keras). */
  axis?: number;
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

export interface GroupNormalizationOptions extends InstanceNormalizationOptions {
  /** Number of groups of neighboring channels; default 32 (Wu & He, 2018; Keras). */
  groups?: number;
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and (biased) variance over a sample's group of channels and all of
 * its other axes (Wu & He, 2018). Weights, both [channels]: gamma, beta.
 *
 * @example
 * layers.groupNormalization({ groups: 4, inputShape: [28, 28, 16] });
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer {
  const { groups = 32 } = options;
  if (groups === -1) fail("groupNormalization got groups = -1", "a positive integer", "use instanceNormalization()");
  checkCount("groupNormalization", "groups", groups);
  return normalization("groupNormalization", ["groups", ...OPTIONS], options, () => groups);
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and (biased) variance over each channel of a sample by itself: style
 * leaves (Ulyanov et al., 2016; Keras's GroupNormalization with groups -1). Weights, both [channels]: gamma, beta.
 *
 * @example
 * layers.instanceNormalization({ inputShape: [28, 28, 16] });
 */
export function instanceNormalization(options: InstanceNormalizationOptions = {}): Layer {
  return normalization("instanceNormalization", OPTIONS, options, (channels) => channels);
}

function normalization(
  kind: string,
  names: readonly string[],
  options: InstanceNormalizationOptions,
  groupsOf: (channels: number) => number,
): Layer {
  checkLayerOptions(kind, options, names);
  const { axis = -1, epsilon = 1e-3, center = true, scale = true } = options;
  checkFlag(kind, "scale", scale);
  checkNumber(kind, "epsilon", epsilon, 0);
  if (!Number.isInteger(axis) || axis === 0)
    fail(`${kind} got axis = ${axis}`, "an axis other than 0, which is the batch");
  const gammaInitializer = resolveInitializer(options.gammaInitializer ?? "ones");
  const betaInitializer = resolveInitializer(options.betaInitializer ?? "zeros");
  const channelsOf = (sample: Shape) => sample[axis < 0 ? sample.length + axis : axis - 1] ?? 0;

  return defineLayer({
    kind,
    options,
    outputShape(input) {
      const channels = channelsOf(input);
      const received = `received samples of shape ${formatShape(input)}`;
      if (channels === 0) fail(received, `axis ${axis} (axis 0 is the batch)`);
      const groups = groupsOf(channels);
      if (channels % groups) fail(received, `channels (axis ${axis}) divisible by ${groups} groups`);
      return input;
    },
    weights: (input) => ({
      gamma: scale ? trainable([channelsOf(input)], gammaInitializer) : undefined,
      beta: center ? trainable([channelsOf(input)], betaInitializer) : undefined,
    }),
    call(x, { gamma, beta }) {
      const along = axis < 0 ? x.rank + axis : axis;
      const groups = groupsOf(channelsOf(x.shape.slice(1)));
      const size = (x.shape[along] ?? 1) / groups;
      const grouped = x.reshape([...x.shape.slice(0, along), groups, size, ...x.shape.slice(along + 1)]);
      const over = grouped.shape.map((_, other) => other).filter((other) => other !== 0 && other !== along);
      const centered = grouped.sub(grouped.mean({ axis: over, keepdims: true }));
      const variance = centered.square().mean({ axis: over, keepdims: true });
      const each = grouped.shape.map((length, other) => (other === along || other === along + 1 ? length : 1));
      const normalized = centered.mul(variance.add(epsilon).rsqrt());
      const scaled = gamma ? normalized.mul(gamma.reshape(each)) : normalized;
      return (beta ? scaled.add(beta.reshape(each)) : scaled).reshape(x.shape);
    },
  });
}

const OPTIONS = ["axis", "epsilon", "center", "scale", "betaInitializer", "gammaInitializer"];
