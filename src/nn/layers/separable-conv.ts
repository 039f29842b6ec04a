import { conv } from "../../tensor/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";
import { convEach } from "./depthwise-conv.ts";
import { checkSpatial, kernelWindow, type PerAxis, type Rank, slide, type WindowOptions } from "./windows.ts";

interface SeparableOptions<R extends Rank> extends LayerOptions, WindowOptions<R> {
  /** Channels between the two convolutions, per input channel; default 1 (Keras). */
  depthMultiplier?: number;
  /** Default "linear" (Keras). */
  activation?: ActivationSpec;
  /** Default true (Keras). */
  useBias?: boolean;
  /** Default "glorotUniform" (Keras; Glorot & Bengio, 2010). */
  depthwiseInitializer?: InitializerSpec;
  /** Default "glorotUniform" (Keras). */
  pointwiseInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

export type SeparableConv1dOptions = SeparableOptions<1>;
export type SeparableConv2dOptions = SeparableOptions<2>;

/**
 * y = activation(depthwise(x) pointwise + bias): every channel by itself, then all channels at each step (Chollet,
 * "Xception", 2017): [batch, steps, in] -> [batch, out, filters]. Weights: depthwiseKernel [kernelSize, in,
 * depthMultiplier], pointwiseKernel [1, in depthMultiplier, filters], bias [filters].
 *
 * @example
 * layers.separableConv1d(32, 5, { padding: "same", activation: "relu" });
 */
export function separableConv1d(filters: number, kernelSize: PerAxis<1>, options: SeparableConv1dOptions = {}): Layer {
  return separable(1, filters, kernelSize, options);
}
separableConv1d.positional = ["filters", "kernelSize"];

/**
 * y = activation(depthwise(x) pointwise + bias): every channel by itself, then all channels at each pixel (Chollet,
 * "Xception", 2017): [batch, height, width, in] -> [batch, out height, out width, filters]. Weights: depthwiseKernel
 * [...kernelSize, in, depthMultiplier], pointwiseKernel [1, 1, in depthMultiplier, filters], bias [filters].
 *
 * @example
 * layers.separableConv2d(64, 3, { padding: "same", activation: "relu" });
 */
export function separableConv2d(filters: number, kernelSize: PerAxis<2>, options: SeparableConv2dOptions = {}): Layer {
  return separable(2, filters, kernelSize, options);
}
separableConv2d.positional = ["filters", "kernelSize"];

function separable<R extends Rank>(
  rank: R,
  filters: number,
  kernelSize: PerAxis<R>,
  options: SeparableOptions<R>,
): Layer {
  const kind = `separableConv${rank}d`;
  checkLayerOptions(kind, options, OPTIONS);
  checkCount(kind, "filters", filters);
  const { depthMultiplier = 1, useBias = true } = options;
  checkCount(kind, "depthMultiplier", depthMultiplier);
  const window = kernelWindow(kind, rank, kernelSize, options);
  const depthwiseInitializer = resolveInitializer(options.depthwiseInitializer ?? "glorotUniform");
  const pointwiseInitializer = resolveInitializer(options.pointwiseInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  const activation = resolveActivation(options.activation);

  return defineLayer({
    kind,
    options: { filters, kernelSize, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      return slide(input, window, filters);
    },
    weights(input) {
      const channels = input.at(-1) ?? 1;
      const point = window.size.map(() => 1);
      return {
        depthwiseKernel: trainable([...window.size, channels, depthMultiplier], depthwiseInitializer),
        pointwiseKernel: trainable([...point, channels * depthMultiplier, filters], pointwiseInitializer),
        bias: useBias ? trainable([filters], biasInitializer) : undefined,
      };
    },
    call(x, { depthwiseKernel, pointwiseKernel, bias }) {
      const y = conv(convEach(x, depthwiseKernel, window), pointwiseKernel);
      return activation(bias ? y.add(bias) : y);
    },
  });
}

const OPTIONS = [
  "strides",
  "padding",
  "dilationRate",
  "depthMultiplier",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "pointwiseInitializer",
  "biasInitializer",
];
