import { conv, type Tensor } from "../../tensor/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";
import {
  checkSpatial,
  kernelWindow,
  type PerAxis,
  type Rank,
  slide,
  type Window,
  type WindowOptions,
} from "./windows.ts";

interface DepthwiseOptions<R extends Rank> extends LayerOptions, WindowOptions<R> {
  /** Output channels per input channel; default 1 (Keras). */
  depthMultiplier?: number;
  /** Default "linear" (Keras). */
  activation?: ActivationSpec;
  /** Default true (Keras). */
  useBias?: boolean;
  /** Default "glorotUniform" (Keras; Glorot & Bengio, 2010). */
  depthwiseInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

export type DepthwiseConv1dOptions = DepthwiseOptions<1>;
export type DepthwiseConv2dOptions = DepthwiseOptions<2>;

/**
 * y[t, c m] = activation(sum over k of x[t strides + k dilationRate, c] kernel[k, c, m] + bias), every channel c by itself
 * (Chollet, "Xception", 2017): [batch, steps, in] -> [batch, out, in depthMultiplier]. Weights: kernel [kernelSize, in,
 * depthMultiplier], bias [in depthMultiplier].
 *
 * @example
 * layers.depthwiseConv1d(5, { padding: "same" });
 */
export function depthwiseConv1d(kernelSize: PerAxis<1>, options: DepthwiseConv1dOptions = {}): Layer {
  return depthwise(1, kernelSize, options);
}
depthwiseConv1d.positional = ["kernelSize"];

/**
 * y[i, j, c m] = activation(sum over k, l of x[i strides + k dilationRate, ..., c] kernel[k, l, c, m] + bias), every channel c
 * by itself (Chollet, "Xception", 2017): [batch, height, width, in] -> [batch, out height, out width, in depthMultiplier].
 * Weights: kernel [...kernelSize, in, depthMultiplier], bias [in depthMultiplier].
 *
 * @example
 * layers.depthwiseConv2d(3, { padding: "same", useBias: false });
 */
export function depthwiseConv2d(kernelSize: PerAxis<2>, options: DepthwiseConv2dOptions = {}): Layer {
  return depthwise(2, kernelSize, options);
}
depthwiseConv2d.positional = ["kernelSize"];

function depthwise<R extends Rank>(rank: R, kernelSize: PerAxis<R>, options: DepthwiseOptions<R>): Layer {
  const kind = `depthwiseConv${rank}d`;
  checkLayerOptions(kind, options, OPTIONS);
  const { depthMultiplier = 1, useBias = true } = options;
  checkCount(kind, "depthMultiplier", depthMultiplier);
  const window = kernelWindow(kind, rank, kernelSize, options);
  const depthwiseInitializer = resolveInitializer(options.depthwiseInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  const activation = resolveActivation(options.activation);
  const channelsOf = (input: readonly number[]) => (input.at(-1) ?? 1) * depthMultiplier;

  return defineLayer({
    kind,
    options: { kernelSize, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      return slide(input, window, channelsOf(input));
    },
    weights: (input) => ({
      kernel: trainable([...window.size, input.at(-1) ?? 1, depthMultiplier], depthwiseInitializer),
      bias: useBias ? trainable([channelsOf(input)], biasInitializer) : undefined,
    }),
    call(x, { kernel, bias }) {
      const y = convEach(x, kernel, window);
      return activation(bias ? y.add(bias) : y);
    },
  });
}

/** Each channel with kernels of its own: x [N, ..sizes, C], kernel [..k, C, M] -> [N, ..out, C M]. A group per channel. */
export function convEach(x: Tensor, kernel: Tensor, { size, strides, dilation, padding }: Window): Tensor {
  const [channels = 1, multiplier = 1] = kernel.shape.slice(-2);
  const grouped = kernel.reshape([...size, 1, channels * multiplier]);
  return conv(x, grouped, { strides, padding, groups: channels, ...(dilation && { dilation }) });
}

const OPTIONS = [
  "strides",
  "padding",
  "dilationRate",
  "depthMultiplier",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "biasInitializer",
];
