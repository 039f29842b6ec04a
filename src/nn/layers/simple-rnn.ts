import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import {
  checkRecurrent,
  DENSE_RECURRENT_OPTIONS,
  type DenseRecurrentOptions,
  denseCell,
  gatedWeights,
  recurrentLayer,
} from "../recurrent/recurrence.ts";

export interface SimpleRnnOptions extends DenseRecurrentOptions {
  /** Default "tanh" (Keras). */
  activation?: ActivationSpec;
}

/**
 * h' = activation(x kernel + h recurrentKernel + bias), at every place of a sequence (Elman, 1990): [batch, places, features] ->
 * [batch, units], or [batch, places, units] with `returnSequences`. Applied to [x, h], it starts from h instead of zeros. Padding, as
 * `masking` and `embedding` mark it, changes nothing. Weights: kernel [features, units], recurrentKernel [units, units], bias [units].
 *
 * @example
 * sequential([layers.simpleRnn(8, { inputShape: [20, 3] }), layers.dense(1)]);
 */
export function simpleRnn(units: number, options: SimpleRnnOptions = {}): Layer {
  checkLayerOptions("simpleRnn", options, [...DENSE_RECURRENT_OPTIONS, "activation"]);
  checkCount("simpleRnn", "units", units);
  checkRecurrent("simpleRnn", options);
  const activation = resolveActivation(options.activation ?? "tanh");
  return recurrentLayer("simpleRnn", { units, ...options }, options, {
    ...denseCell(units),
    states: 1,
    weights: gatedWeights(units, 1, options),
    project: (x, { kernel, bias }) => (bias ? x.matmul(kernel!).add(bias) : x.matmul(kernel!)),
    step: (x, h, _, { recurrentKernel }) => [activation(x.add(h.matmul(recurrentKernel!)))],
  });
}
simpleRnn.positional = ["units"];
