import { checkCount } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";
import { matmul } from "./dense.ts";

export interface EmbeddingOptions extends LayerOptions {
  /** Default "randomUniform": within ±0.05 (Keras; PyTorch draws from a normal distribution). */
  embeddingsInitializer?: InitializerSpec;
  /** true: 0 stands for padding; recurrent layers and attention pass over its places. Default false (Keras). */
  maskZero?: boolean;
}

/**
 * A vector for every number, such as a word's or a character's: whole numbers from 0 to inputDim - 1, [batch, ...] ->
 * [batch, ..., outputDim]. Weights: embeddings [inputDim, outputDim].
 *
 * `fit`, `evaluate` and `predict` refuse other numbers, naming row and column; as the first layer of a sequential model it
 * makes the model's input int32.
 *
 * @param inputDim how many different numbers there are: the size of the vocabulary.
 * @param outputDim the length of a vector.
 *
 * @example
 * sequential([layers.embedding(1000, 16, { inputShape: [20] }), layers.flatten(), layers.dense(1)]);
 */
export function embedding(inputDim: number, outputDim: number, options: EmbeddingOptions = {}): Layer {
  checkLayerOptions("embedding", options, ["embeddingsInitializer", "maskZero"]);
  checkCount("embedding", "inputDim", inputDim);
  checkCount("embedding", "outputDim", outputDim);
  const initializer = resolveInitializer(options.embeddingsInitializer ?? "randomUniform");

  return defineLayer({
    kind: "embedding",
    options: { inputDim, outputDim, ...options },
    indices: inputDim,
    stepwise: true,
    mask: (x) => (options.maskZero ? x.notEqual(0) : undefined),
    outputShape: (input) => [...input, outputDim],
    weights: () => ({ embeddings: trainable([inputDim, outputDim], initializer) }),
    call: (x, { embeddings }) => embeddings.take(x),
    callChanged: (x, { embeddings }, { a, b }) => embeddings.take(x).add(matmul(a.take(x), b)),
  });
}

embedding.positional = ["inputDim", "outputDim"];
