import { conv } from "../../tensor/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, type Layer, trainable } from "../layer.ts";
import {
  checkRecurrent,
  DENSE_RECURRENT_OPTIONS,
  type DenseRecurrentOptions,
  forgetful,
  gate,
  recurrentLayer,
} from "../recurrent/recurrence.ts";
import { checkSpatial, kernelWindow, type PerAxis, slide, type WindowOptions } from "./windows.ts";

export interface ConvLstm2dOptions extends DenseRecurrentOptions, WindowOptions<2> {
  /** Of the candidate and of the state; default "tanh" (Keras). */
  activation?: ActivationSpec;
  /** Of the gates; default "sigmoid" (Keras 3). */
  recurrentActivation?: ActivationSpec;
  /** The forget gate's bias begins at 1 (Jozefowicz et al., 2015); default true (Keras). */
  unitForgetBias?: boolean;
}

/**
 * An LSTM whose products are convolutions (Shi et al., 2015, without peepholes, as Keras), * being one: at every frame of a film
 *
 *     i, f, g, o = x * kernel + h * recurrentKernel + bias
 *     c' = sigmoid(f) c + sigmoid(i) tanh(g)        h' = sigmoid(o) tanh(c')
 *
 * [batch, frames, height, width, channels] -> [batch, out height, out width, filters], or [batch, frames, ...] with `returnSequences`. Padding,
 * strides and dilation are those of x * kernel; states are convolved with strides of 1 and keep their size. Applied to [x, h, c] it starts
 * from these states. Weights, gates side by side: kernel [...kernelSize, channels, 4 filters], recurrentKernel [...kernelSize, filters,
 * 4 filters], bias [4 filters].
 *
 * @example
 * const film = layers.input({ shape: [8, 16, 16, 1] });
 * layers.convLstm2d(4, 3, { padding: "same" })(film).shape; // [16, 16, 4]
 */
export function convLstm2d(filters: number, kernelSize: PerAxis<2>, options: ConvLstm2dOptions = {}): Layer {
  const kind = "convLstm2d";
  const own = ["activation", "recurrentActivation", "unitForgetBias", "strides", "padding", "dilationRate"];
  checkLayerOptions(kind, options, [...DENSE_RECURRENT_OPTIONS, ...own]);
  checkCount(kind, "filters", filters);
  checkRecurrent(kind, options);
  const { unitForgetBias = true, useBias = true } = options;
  checkFlag(kind, "unitForgetBias", unitForgetBias);
  const activation = resolveActivation(options.activation ?? "tanh");
  const sigmoid = resolveActivation(options.recurrentActivation ?? "sigmoid");
  const window = kernelWindow(kind, 2, kernelSize, options);
  const { size, strides, dilation, padding } = window;
  const [kernel, recurrent] = [
    options.kernelInitializer ?? "glorotUniform",
    options.recurrentInitializer ?? "orthogonal",
  ];
  const zeros = resolveInitializer(options.biasInitializer ?? "zeros");
  return recurrentLayer(kind, { filters, kernelSize, ...options }, options, {
    states: 2,
    place: { rank: 3, sequences: "films [frames, height, width, channels]", fix: "put layers.reshape before it" },
    stateShape(image) {
      checkSpatial(image, 2);
      return slide(image, window, filters);
    },
    weights: (image) => ({
      kernel: trainable([...size, image.at(-1) ?? 1, 4 * filters], kernel),
      recurrentKernel: trainable([...size, filters, 4 * filters], recurrent),
      bias: useBias ? trainable([4 * filters], unitForgetBias ? forgetful(zeros, filters) : zeros) : undefined,
    }),
    project(x, { kernel, bias }) {
      const y = conv(x, kernel!, { strides, dilation, padding });
      return bias ? y.add(bias) : y;
    },
    step(x, h, [, c], { recurrentKernel }) {
      const z = x.add(conv(h, recurrentKernel!, { padding: "same" }));
      const [input, forget, output] = [sigmoid(gate(z, 0, 4)), sigmoid(gate(z, 1, 4)), sigmoid(gate(z, 3, 4))];
      const next = forget.mul(c!).add(input.mul(activation(gate(z, 2, 4))));
      return [output.mul(activation(next)), next];
    },
  });
}
convLstm2d.positional = ["filters", "kernelSize"];
