import type { Tensor } from "../../tensor/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { checkLayerOptions, type Layer, trainable } from "../layer.ts";
import {
  checkRecurrent,
  DENSE_RECURRENT_OPTIONS,
  type DenseRecurrentOptions,
  denseCell,
  gate,
  gatedWeights,
  recurrentLayer,
} from "../recurrent/recurrence.ts";

export interface GruOptions extends DenseRecurrentOptions {
  /** Of the candidate; default "tanh" (Keras). */
  activation?: ActivationSpec;
  /** Of the gates; default "sigmoid" (Keras). */
  recurrentActivation?: ActivationSpec;
  /** true: the reset gate is applied after the product with the state (cuDNN, PyTorch), false: before it (Cho et al., 2014). Default true (Keras). */
  resetAfter?: boolean;
}

/**
 * Gated recurrent units (Cho et al., 2014): at every place of a sequence
 *
 *     z, r, g = x kernel + bias[0],  h recurrentKernel + bias[1]       (two sums of three parts)
 *     h' = z h + (1 - z) tanh(g_x + r g_h)                              z, r: sigmoid of both sums
 *
 * With `resetAfter: false` g_h is (r h) times its part of recurrentKernel, and there is one bias [3 units].
 * [batch, places, features] -> [batch, units], or [batch, places, units] with `returnSequences`. Applied to [x, h], it starts from h
 * instead of zeros. Padding, as `masking` and `embedding` mark it, changes nothing.
 * Weights, gates side by side: kernel [features, 3 units], recurrentKernel [units, 3 units], bias [2, 3 units].
 *
 * @example
 * sequential([layers.gru(32, { inputShape: [20, 3] }), layers.dense(1)]);
 */
export function gru(units: number, options: GruOptions = {}): Layer {
  checkLayerOptions("gru", options, [...DENSE_RECURRENT_OPTIONS, "activation", "recurrentActivation", "resetAfter"]);
  checkCount("gru", "units", units);
  checkRecurrent("gru", options);
  const { resetAfter = true } = options;
  checkFlag("gru", "resetAfter", resetAfter);
  const activation = resolveActivation(options.activation ?? "tanh");
  const sigmoid = resolveActivation(options.recurrentActivation ?? "sigmoid");
  const bias = trainable(resetAfter ? [2, 3 * units] : [3 * units], options.biasInitializer ?? "zeros");
  return recurrentLayer("gru", { units, ...options }, options, {
    ...denseCell(units),
    states: 1,
    weights: gatedWeights(units, 3, options, bias),
    project(x, { kernel, bias }) {
      const product = x.matmul(kernel!);
      return bias ? product.add(resetAfter ? bias.slice(0) : bias) : product;
    },
    step(x, recurrent, [h], { recurrentKernel, bias }) {
      const blend = (update: Tensor, candidate: Tensor) => update.mul(h!).add(update.neg().add(1).mul(candidate));
      if (!resetAfter) {
        const both = recurrentKernel!.slice(null, [0, 2 * units]);
        const z = x.slice(null, [0, 2 * units]).add(recurrent.matmul(both));
        const [update, reset] = [sigmoid(gate(z, 0, 2)), sigmoid(gate(z, 1, 2))];
        const own = recurrentKernel!.slice(null, [2 * units, 3 * units]);
        return [blend(update, activation(gate(x, 2, 3).add(reset.mul(recurrent).matmul(own))))];
      }
      const product = recurrent.matmul(recurrentKernel!);
      const inner = bias ? product.add(bias.slice(1)) : product;
      const [update, reset] = [0, 1].map((i) => sigmoid(gate(x, i, 3).add(gate(inner, i, 3)))) as [Tensor, Tensor];
      return [blend(update, activation(gate(x, 2, 3).add(reset.mul(gate(inner, 2, 3)))))];
    },
  });
}
gru.positional = ["units"];
