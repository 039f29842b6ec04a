export { activation } from "./activation.ts";
export { add } from "./add.ts";
export {
  type AdditiveAttentionOptions,
  type AttentionLayerOptions,
  additiveAttention,
  attention,
} from "./attention.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./batch-normalization.ts";
export { type ConcatenateOptions, concatenate } from "./concatenate.ts";
export { type Conv1dOptions, type Conv2dOptions, conv1d, conv2d } from "./conv.ts";
export { type DenseOptions, dense } from "./dense.ts";
export { dropout } from "./dropout.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { flatten } from "./flatten.ts";
export {
  type GlobalPoolingOptions,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
} from "./global-pooling.ts";
export { type GroupedQueryAttentionOptions, groupedQueryAttention } from "./grouped-query-attention.ts";
export { type InputOptions, input } from "./input.ts";
export { lambda } from "./lambda.ts";
export { type LayerNormalizationOptions, layerNormalization } from "./layer-normalization.ts";
export { type MultiHeadAttentionOptions, multiHeadAttention } from "./multi-head-attention.ts";
export {
  averagePooling1d,
  averagePooling2d,
  maxPooling1d,
  maxPooling2d,
  type Pooling1dOptions,
  type Pooling2dOptions,
} from "./pooling.ts";
export {
  type PositionEmbeddingOptions,
  positionEmbedding,
  rotaryEmbedding,
  sinePositionEncoding,
  type WavelengthOptions,
} from "./position-embedding.ts";
export { reshape } from "./reshape.ts";
export { type RmsNormalizationOptions, rmsNormalization } from "./rms-normalization.ts";
