import { layers, type Model, model, type SymbolicTensor } from "descent";

const [width, heads, blocks] = [128, 4, 4];

/** From tokens [context] to the scores of those that may follow each, [context, tokens]. */
export function network(tokens: number, context: number, seed: number): Model {
  const input = layers.input({ shape: [context], dtype: "int32" });
  const normalized = layers.layerNormalization;
  let x: SymbolicTensor = layers.positionEmbedding(context)(layers.embedding(tokens, width)(input)); // [T, C]
  for (let block = 0; block < blocks; block++) {
    const seen = layers.multiHeadAttention(heads, width / heads, { causal: true })(normalized({ epsilon: 1e-5 })(x));
    x = layers.add()([x, seen]);
    const hidden = layers.dense(4 * width, { activation: "gelu" })(normalized({ epsilon: 1e-5 })(x)); // [T, 4 C]
    x = layers.add()([x, layers.dense(width)(hidden)]);
  }
  const scores = layers.dense(tokens, { useBias: false })(normalized({ epsilon: 1e-5 })(x)); // [T, V]
  return model({ inputs: input, outputs: scores, name: "gpt", seed });
}
