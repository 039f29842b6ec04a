import { convTranspose, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkNumber } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";
import { groupedMatmul, inEachGroup } from "./groups.ts";
import { checkSpatial, kernelWindow, type PerAxis, type Rank, spread } from "./windows.ts";

interface TransposeOptions<R extends Rank> extends LayerOptions {
  /** Distance of neighbouring windows in the output; default 1 (Keras). */
  strides?: PerAxis<R>;
  /**
   * "valid", the default (Keras): every element that a window reaches; "same": the input's size times the strides. Both keep
   * out = in strides for kernels that fit.
   */
  padding?: "valid" | "same";
  /**
   * Elements added at the output's end, from 0 and less than the stride: out is then (in - 1) strides + kernel + outputPadding
   * ("valid") or (in - 1) strides + kernel mod 2 + outputPadding ("same"). Default: out = in strides, or all that is reached (Keras).
   */
  outputPadding?: PerAxis<R>;
  /** Distance between the kernel's elements; default 1 (Keras). */
  dilationRate?: PerAxis<R>;
  /** Groups of channels that are convolved separately; default 1 (PyTorch). */
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

export type Conv1dTransposeOptions = TransposeOptions<1>;
export type Conv2dTransposeOptions = TransposeOptions<2>;
export type Conv3dTransposeOptions = TransposeOptions<3>;

/**
 * y[t] = activation(sum of x[s] kernel[k] over s strides + k dilationRate = t, + bias), the adjoint of conv1d (Zeiler et al.,
 * 2010): [batch, steps, in] -> [batch, out, filters]. Weights: kernel [kernelSize, filters / groups, in], bias [filters].
 *
 * @example
 * layers.conv1dTranspose(8, 4, { strides: 2, padding: "same" }); // twice the steps
 */
export function conv1dTranspose(filters: number, kernelSize: PerAxis<1>, options: Conv1dTransposeOptions = {}): Layer {
  return transposed(1, filters, kernelSize, options);
}
conv1dTranspose.positional = ["filters", "kernelSize"];

/**
 * y[p] = activation(sum of x[s] kernel[k] over s strides + k dilationRate = p, + bias), the adjoint of conv2d (Zeiler et al.,
 * 2010): [batch, height, width, in] -> [batch, out height, out width, filters]. Weights: kernel [...kernelSize, filters /
 * groups, in], bias [filters].
 *
 * @example
 * layers.conv2dTranspose(16, 2, { strides: 2 }); // twice the height and width
 */
export function conv2dTranspose(filters: number, kernelSize: PerAxis<2>, options: Conv2dTransposeOptions = {}): Layer {
  return transposed(2, filters, kernelSize, options);
}
conv2dTranspose.positional = ["filters", "kernelSize"];

/**
 * y[p] = activation(sum of x[s] kernel[k] over s strides + k dilationRate = p, + bias), the adjoint of conv3d (Zeiler et al.,
 * 2010): [batch, depth, height, width, in] -> [batch, ...out, filters]. Weights: kernel [...kernelSize, filters / groups,
 * in], bias [filters].
 *
 * @example
 * layers.conv3dTranspose(8, 2, { strides: [1, 2, 2], inputShape: [8, 16, 16, 4] });
 */
export function conv3dTranspose(filters: number, kernelSize: PerAxis<3>, options: Conv3dTransposeOptions = {}): Layer {
  return transposed(3, filters, kernelSize, options);
}
conv3dTranspose.positional = ["filters", "kernelSize"];

function transposed<R extends Rank>(
  rank: R,
  filters: number,
  kernelSize: PerAxis<R>,
  options: TransposeOptions<R>,
): Layer {
  const kind = `conv${rank}dTranspose`;
  checkLayerOptions(kind, options, OPTIONS);
  checkCount(kind, "filters", filters);
  const { groups = 1, useBias = true, padding } = options;
  checkCount(kind, "groups", groups);
  if (filters % groups) fail(`${kind} got ${filters} filters in ${groups} groups`, "filters divisible by groups");
  if ((padding as string) === "causal") fail(`${kind} got padding = "causal"`, '"valid" or "same"');
  const window = kernelWindow(kind, rank, kernelSize, options);
  const { size, strides, dilation } = window;
  const outputPadding = outputPaddingOf(kind, options.outputPadding, strides);
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  const activation = resolveActivation(options.activation);

  return defineLayer({
    kind,
    options: { filters, kernelSize, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      const received = `received samples of shape ${formatShape(input)}`;
      if ((input.at(-1) ?? 1) % groups) fail(received, `channels (the last axis) divisible by ${groups} groups`);
      const sizes = spread(input, window, outputPadding).map(({ length }) => length);
      if (sizes.includes(0)) fail(received, "an output of at least one element", "use a larger outputPadding");
      return [...sizes, filters];
    },
    weights: (input) => ({
      kernel: trainable([...size, filters / groups, input.at(-1) ?? 1], kernelInitializer),
      bias: useBias ? trainable([filters], biasInitializer) : undefined,
    }),
    call: (x, { kernel, bias }) => finish(spreadOut(x, kernel), bias),
    // The kernel's last axis is the input's: b comes first, and leaves as many channels as the rank, in every group.
    callChanged(x, { kernel, bias }, { a, b }) {
      const narrow = inEachGroup(a.reshape([...kernel.shape.slice(0, -1), -1]), groups);
      return finish(spreadOut(x, kernel).add(spreadOut(groupedMatmul(x, b.transpose(), groups), narrow)), bias);
    },
  });

  function spreadOut(x: Tensor, kernel: Tensor): Tensor {
    const axes = spread(x.shape.slice(1), window, outputPadding);
    const [cut, more] = [axes.map((axis) => axis.cut), axes.map((axis) => axis.more)];
    return convTranspose(x, kernel, { strides, dilation, groups, padding: cut, outputPadding: more });
  }

  function finish(y: Tensor, bias: Tensor | undefined): Tensor {
    return activation(bias ? y.add(bias) : y);
  }
}

/** One number per axis, from 0 and less than the stride there: more would be further windows. */
function outputPaddingOf(
  kind: string,
  given: number | readonly number[] | undefined,
  strides: Shape,
): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const values = typeof given === "number" ? strides.map(() => given) : given;
  if (!Array.isArray(values) || values.length !== strides.length) {
    fail(`${kind} got outputPadding = ${JSON.stringify(given)}`, `a number or ${strides.length} of them`);
  }
  values.forEach((value, axis) => {
    checkNumber(kind, "outputPadding", value, 0);
    const stride = strides[axis] ?? 1;
    if (!Number.isInteger(value) || value >= stride) {
      fail(
        `${kind} got outputPadding = ${value} along an axis of stride ${stride}`,
        "a whole number less than the stride",
      );
    }
  });
  return values;
}

const OPTIONS = [
  "strides",
  "padding",
  "outputPadding",
  "dilationRate",
  "groups",
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
];
