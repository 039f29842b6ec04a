import { conv } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkWord } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";
import { checkSpatial, type PerAxis, perAxis, type Rank, slide } from "./windows.ts";

interface ConvolutionOptions<R extends Rank> extends LayerOptions {
  /** Default 1 (Keras). */
  strides?: PerAxis<R>;
  /** "valid": no padding, the default (Keras); "same": the output has the input's size divided by the strides. */
  padding?: "valid" | "same" | (R extends 1 ? "causal" : never);
  /** Distance between the kernel's elements; default 1 (Keras). */
  dilationRate?: PerAxis<R>;
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

function convolution<R extends Rank>(
  rank: R,
  filters: number,
  kernelSize: PerAxis<R>,
  options: ConvolutionOptions<R>,
): Layer {
  const kind = `conv${rank}d`;
  checkLayerOptions(kind, options, OPTIONS);
  checkCount(kind, "filters", filters);
  const { padding = "valid", groups = 1, useBias = true } = options;
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  checkWord(kind, "padding", padding, rank === 1 ? ["valid", "same", "causal"] : ["valid", "same"]);
  checkCount(kind, "groups", groups);
  if (filters % groups) fail(`${kind} got ${filters} filters in ${groups} groups`, "filters divisible by groups");
  const size = perAxis(kind, "kernelSize", kernelSize, rank);
  const strides = perAxis(kind, "strides", options.strides ?? 1, rank);
  const dilation = perAxis(kind, "dilationRate", options.dilationRate ?? 1, rank);
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
      return slide(input, { size, strides, dilation, padding }, filters);
    },
    weights: (input) => ({
      kernel: trainable([...size, (input.at(-1) ?? 1) / groups, filters], kernelInitializer),
      bias: useBias ? trainable([filters], biasInitializer) : undefined,
    }),
    call(x, { kernel, bias }) {
      const y = conv(x, kernel, { strides, dilation, padding, groups });
      return activation(bias ? y.add(bias) : y);
    },
  });
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
