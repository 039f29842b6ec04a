import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, type Layer, trainable } from "../layer.ts";
import {
  checkRecurrent,
  DENSE_RECURRENT_OPTIONS,
  type DenseRecurrentOptions,
  denseCell,
  forgetful,
  gate,
  gatedWeights,
  recurrentLayer,
} from "../recurrent/recurrence.ts";

export interface LstmOptions extends DenseRecurrentOptions {
  /** Of the candidate and of the state; default "tanh" (Keras). */
  activation?: ActivationSpec;
  /** Of the gates; default "sigmoid" (Keras). */
  recurrentActivation?: ActivationSpec;
  /** The forget gate's bias begins at 1 (Jozefowicz et al., 2015); default true (Keras; PyTorch has 0). */
  unitForgetBias?: boolean;
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber, 1997, with forget gates): at every place of a sequence
 *
 *     i, f, g, o = x kernel + h recurrentKernel + bias
 *     c' = sigmoid(f) c + sigmoid(i) tanh(g)        h' = sigmoid(o) tanh(c')
 *
 * [batch, places, features] -> [batch, units], or [batch, places, units] with `returnSequences`. Applied to [x, h, c], it starts from
 * these states instead of zeros. Padding, as `masking` and `embedding` mark it, changes nothing.
 * Weights, gates side by side: kernel [features, 4 units], recurrentKernel [units, 4 units], bias [4 units].
 *
 * @example
 * sequential([layers.lstm(32, { inputShape: [20, 3] }), layers.dense(1)]);
 */
export function lstm(units: number, options: LstmOptions = {}): Layer {
  const own = ["activation", "recurrentActivation", "unitForgetBias"];
  checkLayerOptions("lstm", options, [...DENSE_RECURRENT_OPTIONS, ...own]);
  checkCount("lstm", "units", units);
  checkRecurrent("lstm", options);
  const { unitForgetBias = true } = options;
  checkFlag("lstm", "unitForgetBias", unitForgetBias);
  const activation = resolveActivation(options.activation ?? "tanh");
  const sigmoid = resolveActivation(options.recurrentActivation ?? "sigmoid");
  const zeros = resolveInitializer(options.biasInitializer ?? "zeros");
  const bias = trainable([4 * units], unitForgetBias ? forgetful(zeros, units) : zeros);
  return recurrentLayer("lstm", { units, ...options }, options, {
    ...denseCell(units),
    states: 2,
    weights: gatedWeights(units, 4, options, bias),
    project: (x, { kernel, bias }) => (bias ? x.matmul(kernel!).add(bias) : x.matmul(kernel!)),
    step(x, h, [, c], { recurrentKernel }) {
      const z = x.add(h.matmul(recurrentKernel!));
      const [input, forget, output] = [sigmoid(gate(z, 0, 4)), sigmoid(gate(z, 1, 4)), sigmoid(gate(z, 3, 4))];
      const next = forget.mul(c!).add(input.mul(activation(gate(z, 2, 4))));
      return [output.mul(activation(next)), next];
    },
  });
}
lstm.positional = ["units"];
