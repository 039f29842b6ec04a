export { activation } from "./activation.ts";
export {
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
} from "./adaptive-pooling.ts";
export { alphaDropout } from "./alpha-dropout.ts";
export {
  type AdditiveAttentionOptions,
  type AttentionLayerOptions,
  additiveAttention,
  attention,
} from "./attention.ts";
export { type AugMixOptions, augMix } from "./aug-mix.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./batch-normalization.ts";
export { type BidirectionalOptions, bidirectional } from "./bidirectional.ts";
export { type CategoryEncodingOptions, categoryEncoding } from "./category-encoding.ts";
export type { CategoryOutput } from "./category-output.ts";
export { type ConcatenateOptions, concatenate } from "./concatenate.ts";
export { type Conv1dOptions, type Conv2dOptions, type Conv3dOptions, conv1d, conv2d, conv3d } from "./conv.ts";
export { type ConvLstm2dOptions, convLstm2d } from "./conv-lstm.ts";
export {
  type Conv1dTransposeOptions,
  type Conv2dTransposeOptions,
  type Conv3dTransposeOptions,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
} from "./conv-transpose.ts";
export { cropping1d, cropping2d, cropping3d } from "./cropping.ts";
export { type DenseOptions, dense } from "./dense.ts";
export {
  type DepthwiseConv1dOptions,
  type DepthwiseConv2dOptions,
  depthwiseConv1d,
  depthwiseConv2d,
} from "./depthwise-conv.ts";
export { type DiscretizationOptions, discretization } from "./discretization.ts";
export { type DotOptions, dot } from "./dot.ts";
export { dropPath } from "./drop-path.ts";
export { dropout } from "./dropout.ts";
export { type EinsumDenseOptions, einsumDense } from "./einsum-dense.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { flatten } from "./flatten.ts";
export { gaussianDropout, gaussianNoise } from "./gaussian-noise.ts";
export {
  type GlobalPoolingOptions,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from "./global-pooling.ts";
export { type GluOptions, glu } from "./glu.ts";
export {
  type GroupNormalizationOptions,
  groupNormalization,
  type InstanceNormalizationOptions,
  instanceNormalization,
} from "./group-normalization.ts";
export { type GroupedQueryAttentionOptions, groupedQueryAttention } from "./grouped-query-attention.ts";
export { type GruOptions, gru } from "./gru.ts";
export { type HashedCrossingOptions, type HashingOptions, hashedCrossing, hashing } from "./hashing.ts";
export { type InputOptions, input } from "./input.ts";
export { type IntegerLookupOptions, integerLookup } from "./integer-lookup.ts";
export { lambda } from "./lambda.ts";
export { type LayerNormalizationOptions, layerNormalization } from "./layer-normalization.ts";
export { type LoraOptions, lora } from "./lora.ts";
export { type LstmOptions, lstm } from "./lstm.ts";
export { type MaskingOptions, masking } from "./masking.ts";
export { maxout } from "./maxout.ts";
export { add, average, maximum, minimum, multiply, subtract } from "./merge.ts";
export { type MixtureOfExpertsOptions, mixtureOfExperts } from "./mixture-of-experts.ts";
export { type MultiHeadAttentionOptions, multiHeadAttention } from "./multi-head-attention.ts";
export { type NormalizationOptions, normalization } from "./normalization.ts";
export { permute } from "./permute.ts";
export { pixelShuffle } from "./pixel-shuffle.ts";
export {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  type Pooling1dOptions,
  type Pooling2dOptions,
  type Pooling3dOptions,
} from "./pooling.ts";
export {
  type PositionEmbeddingOptions,
  positionEmbedding,
  rotaryEmbedding,
  sinePositionEncoding,
  type WavelengthOptions,
} from "./position-embedding.ts";
export { type PreluOptions, prelu } from "./prelu.ts";
export { type RandAugmentOptions, randAugment } from "./rand-augment.ts";
export {
  type RandomAffineOptions,
  type RandomShearOptions,
  type RandomZoomOptions,
  randomAffine,
  randomRotation,
  randomShear,
  randomTranslation,
  randomZoom,
} from "./random-affine.ts";
export {
  randomBrightness,
  randomColorDegeneration,
  randomContrast,
  randomGrayscale,
  randomHue,
  randomSaturation,
} from "./random-color.ts";
export { type RandomCropOptions, randomCrop } from "./random-crop.ts";
export { type RandomErasingOptions, randomErasing } from "./random-erasing.ts";
export { type RandomGaussianBlurOptions, randomGaussianBlur, randomSharpness } from "./random-filter.ts";
export { type FlipMode, randomFlip } from "./random-flip.ts";
export type { ColorOptions, Factor, SamplingOptions } from "./random-image.ts";
export { type RandomPerspectiveOptions, randomPerspective } from "./random-perspective.ts";
export {
  autoContrast,
  equalization,
  randomInvert,
  randomPosterization,
  type SolarizationOptions,
  solarization,
} from "./random-tone.ts";
export { repeatVector } from "./repeat-vector.ts";
export { type RescalingOptions, rescaling } from "./rescaling.ts";
export { reshape } from "./reshape.ts";
export { centerCrop, type ResizingOptions, resizing } from "./resizing.ts";
export { type RmsNormalizationOptions, rmsNormalization } from "./rms-normalization.ts";
export { type RreluOptions, rrelu } from "./rrelu.ts";
export { type SamplingLayerOptions, sampling } from "./sampling.ts";
export { type SegmentOptions, segment } from "./segment.ts";
export {
  type SeparableConv1dOptions,
  type SeparableConv2dOptions,
  separableConv1d,
  separableConv2d,
} from "./separable-conv.ts";
export { type SimpleRnnOptions, simpleRnn } from "./simple-rnn.ts";
export { spatialDropout1d, spatialDropout2d, spatialDropout3d } from "./spatial-dropout.ts";
export { type SpectralNormalizationOptions, spectralNormalization } from "./spectral-normalization.ts";
export { type StringLookupOptions, stringLookup } from "./string-lookup.ts";
export { timeDistributed } from "./time-distributed.ts";
export {
  type TransformerEncoderOptions,
  type TransformerExperts,
  type TransformerOptions,
  transformerDecoder,
  transformerEncoder,
} from "./transformer.ts";
export { type UnitNormalizationOptions, unitNormalization } from "./unit-normalization.ts";
export {
  type UpSampling1dOptions,
  type UpSampling2dOptions,
  type UpSampling3dOptions,
  upSampling1d,
  upSampling2d,
  upSampling3d,
} from "./up-sampling.ts";
export { zeroPadding1d, zeroPadding2d, zeroPadding3d } from "./zero-padding.ts";
