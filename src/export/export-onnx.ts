import type { Network } from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { checkOptions } from "../util/index.ts";
import { onnxModel } from "./onnx/onnx.ts";
import type { Preprocess } from "./trace.ts";

/** Tensors [batch, ...] for the model's inputs, from others: `(x) => scaler.transform(x)`. */
export type Preprocessing = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** Options of {@link exportOnnx}. */
export interface OnnxOptions {
  /** What is done to data before the model sees them; becomes part of the file. Default nothing. */
  preprocessing?: Preprocessing | undefined;
  /** Texts that the file holds beside the model, such as the names of classes. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * A model as a file of ONNX, opset 19 of ai.onnx and nothing else: what it computes outside of training, for batches of any size. All layers
 * are written as the operations that they are made of, layers that prepare data among them; weights keep their paths as names
 * ("dense_1/kernel") where they are used as they are. Texts enter as texts.
 *
 * @returns the file's bytes; {@link exportModel} writes them.
 * @throws DescentError naming the layer that ONNX can't say, and why: what needs the hash of a text, what draws random numbers outside of
 * training, what mixes the samples of a batch.
 * @example
 * const classifier = sequential([layers.dense(3, { activation: "softmax", inputShape: [4] })]);
 * const file = await exportOnnx(classifier, { metadata: { classes: "setosa, versicolor, virginica" } });
 */
export async function exportOnnx(network: Network, options: OnnxOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions("exportOnnx", options, ["preprocessing", "metadata"]);
  const { preprocessing, metadata } = options;
  return onnxModel(network, { preprocess: preprocessing && listed(preprocessing), metadata });
}

/** The list of what preprocessing gives. */
export function listed(preprocessing: Preprocessing): Preprocess {
  return (inputs) => {
    const given = preprocessing(...inputs);
    return given instanceof Tensor ? [given] : given;
  };
}
