import { concatenate, conv, type Tensor, zeros } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount } from "../checks.ts";
import type { Past } from "../definition.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";
import { groupedMatmul, inEachGroup } from "./groups.ts";
import { checkSpatial, kernelWindow, type PerAxis, type Rank, slide, type WindowOptions } from "./windows.ts";

interface ConvolutionOptions<R extends Rank> extends LayerOptions, WindowOptions<R> {
  /** Groups of channels that are convolved separately; default 1 (Keras). */
  groups?: number;
  /** Default "linear" (Keras). */
  activation?: ActivationSpec;
  /** Default true (Keras). */
  useBias?: boolean;
  /** Default "glorotUniform" (Keras; Glorot & Bengio, 2010). */
  kernelInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

/** Options of `conv1d`; its padding may be "causal": step t sees no later step. */
export type Conv1dOptions = ConvolutionOptions<1>;
export type Conv2dOptions = ConvolutionOptions<2>;
export type Conv3dOptions = ConvolutionOptions<3>;

/**
 * y[t] = activation(sum over k of x[t strides + k dilationRate] kernel[k] + bias): [batch, steps, in] -> [batch, out,
 * filters]. Weights: kernel [kernelSize, in / groups, filters], bias [filters].
 *
 * @example
 * layers.conv1d(16, 5, { padding: "causal", activation: "relu" });
 */
export function conv1d(filters: number, kernelSize: PerAxis<1>, options: Conv1dOptions = {}): Layer {
  return convolution(1, filters, kernelSize, options);
}
conv1d.positional = ["filters", "kernelSize"];

/**
 * y[i, j] = activation(sum over k, l of x[i strides + k dilationRate, ...] kernel[k, l] + bias): [batch, height, width,
 * in] -> [batch, out height, out width, filters]. Weights: kernel [...kernelSize, in / groups, filters], bias [filters].
 *
 * @example
 * layers.conv2d(32, 3, { padding: "same", activation: "relu" });
 */
export function conv2d(filters: number, kernelSize: PerAxis<2>, options: Conv2dOptions = {}): Layer {
  return convolution(2, filters, kernelSize, options);
}
conv2d.positional = ["filters", "kernelSize"];

/**
 * y[i, j, k] = activation(sum over l, m, n of x[i strides + l dilationRate, ...] kernel[l, m, n] + bias): [batch, depth,
 * height, width, in] -> [batch, ...out, filters]. Weights: kernel [...kernelSize, in / groups, filters], bias [filters].
 *
 * @example
 * layers.conv3d(16, 3, { padding: "same", activation: "relu", inputShape: [16, 32, 32, 1] });
 */
export function conv3d(filters: number, kernelSize: PerAxis<3>, options: Conv3dOptions = {}): Layer {
  return convolution(3, filters, kernelSize, options);
}
conv3d.positional = ["filters", "kernelSize"];

function convolution<R extends Rank>(
  rank: R,
  filters: number,
  kernelSize: PerAxis<R>,
  options: ConvolutionOptions<R>,
): Layer {
  const kind = `conv${rank}d`;
  checkLayerOptions(kind, options, OPTIONS);
  checkCount(kind, "filters", filters);
  const { groups = 1, useBias = true } = options;
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  checkCount(kind, "groups", groups);
  if (filters % groups) fail(`${kind} got ${filters} filters in ${groups} groups`, "filters divisible by groups");
  const window = kernelWindow(kind, rank, kernelSize, options);
  const { size, strides, dilation, padding } = window;
  const activation = resolveActivation(options.activation);

  return defineLayer({
    kind,
    options: { filters, kernelSize, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      if ((input.at(-1) ?? 1) % groups) {
        fail(
          `received samples of shape ${formatShape(input)}`,
          `channels (the last axis) divisible by ${groups} groups`,
        );
      }
      return slide(input, window, filters);
    },
    weights: (input) => ({
      kernel: trainable([...size, (input.at(-1) ?? 1) / groups, filters], kernelInitializer),
      bias: useBias ? trainable([filters], biasInitializer) : undefined,
    }),
    stepwise: padding === "causal" && strides.every((stride) => stride === 1),
    mask: () => undefined, // the kernel reaches over padding (Keras)
    call: (x, { kernel, bias }, { past }) => finish(slid(x, kernel, past), bias),
    // First a convolution to as many channels as the rank, in every group.
    callChanged(x, { kernel, bias }, { a, b }, { past }) {
      const narrow = inEachGroup(a.reshape([...kernel.shape.slice(0, -1), -1]), groups);
      return finish(slid(x, kernel, past).add(groupedMatmul(slid(x, narrow, past), b, groups)), bias);
    },
  });

  /** With a past, the places that the window reaches back to are kept instead of padded. */
  function slid(x: Tensor, kernel: Tensor, past: Past | undefined): Tensor {
    const reach = ((size[0] ?? 1) - 1) * (dilation[0] ?? 1);
    if (!past || reach === 0) return conv(x, kernel, { strides, dilation, padding, groups });
    const [batch = 1, places = 1, channels = 1] = x.shape;
    const seen = concatenate([past.before("x", zeros([batch, reach, channels])), x], { axis: 1 });
    past.keep("x", seen.slice(null, [places, places + reach]));
    return conv(seen, kernel, { strides, dilation, padding: "valid", groups });
  }

  function finish(y: Tensor, bias: Tensor | undefined): Tensor {
    return activation(bias ? y.add(bias) : y);
  }
}

const OPTIONS = [
  "strides",
  "padding",
  "dilationRate",
  "groups",
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
];
