import { type LoadWeightsOptions, type Network, transferWeights, type WeightsReport } from "../nn/index.ts";
import { checkOptions, decodeSafetensors, encodeSafetensors } from "../util/index.ts";
import { fromTorch, type ModuleNames, toTorch } from "./torch/weights.ts";

/** Options of {@link exportPyTorch}. */
export interface PyTorchOptions {
  /** What PyTorch's modules are called, by the paths of layers: `{ dense_1: "fc1" }`. Default the path, dots instead of slashes. */
  names?: ModuleNames | undefined;
}

/** Options of {@link importPyTorch}. */
export interface ImportPyTorchOptions extends PyTorchOptions, Omit<LoadWeightsOptions, "skipMismatch"> {}

/**
 * A model's weights as a safetensors file with PyTorch's names and layouts: `load_state_dict(safetensors.torch.load_file(...))` takes them.
 *
 * A layer that is a module of PyTorch has its tensors: dense (Linear), convolutions, transposed and depthwise ones, batch, layer, group,
 * instance and RMS normalization, embeddings, PReLU, simpleRnn (RNN), lstm, gru and both in bidirectional, and multiHeadAttention where
 * all sizes are the same. Weights of other layers keep their names and layouts.
 *
 * @throws DescentError for names of layers that the model does not have.
 * @example
 * const classifier = sequential([layers.dense(3, { inputShape: [4] })]);
 * const file = exportPyTorch(classifier, { names: { dense_1: "fc" } }); // fc.weight [3, 4], fc.bias [3]
 */
export function exportPyTorch(network: Network, options: PyTorchOptions = {}): Uint8Array {
  checkOptions("exportPyTorch", options, ["names"]);
  const parts = encodeSafetensors(toTorch(network, options.names ?? {}), { format: "pt" });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Takes weights from a safetensors file that PyTorch wrote, by the names that {@link exportPyTorch} gives; float16, bfloat16, float64 and
 * integers become float32. PyTorch's two biases of an LSTM are added up.
 *
 * @param file the file's bytes.
 * @returns what was taken, and what was not; tensors of the file that no layer has by their names there.
 * @throws DescentError, before anything is changed, for a file that is damaged or of another kind, tensors of another shape than the layer's, and
 * (without `byName`) weights that are missing or left over.
 * @example
 * const classifier = sequential([layers.dense(3, { inputShape: [4] })]);
 * const file = exportPyTorch(classifier);
 * const { taken } = importPyTorch(classifier, file); // ["dense_1/kernel", "dense_1/bias"]
 */
export function importPyTorch(network: Network, file: Uint8Array, options: ImportPyTorchOptions = {}): WeightsReport {
  checkOptions("importPyTorch", options, ["names", "byName"]);
  const { names = {}, byName } = options;
  const tensors = decodeSafetensors(file, "the file", true);
  return transferWeights(network, fromTorch(network, tensors, names, "the file"), { byName });
}
