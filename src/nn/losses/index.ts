export { binaryCrossentropy } from "./binary-crossentropy.ts";
export { type BinaryFocalOptions, binaryFocalCrossentropy } from "./binary-focal-crossentropy.ts";
export { categoricalCrossentropy } from "./categorical-crossentropy.ts";
export { type CategoricalFocalOptions, categoricalFocalCrossentropy } from "./categorical-focal-crossentropy.ts";
export {
  categoricalGeneralizedCrossEntropy,
  type GeneralizedCrossEntropyOptions,
} from "./categorical-generalized-cross-entropy.ts";
export { categoricalHinge } from "./categorical-hinge.ts";
export { type CircleOptions, circle } from "./circle.ts";
export { type ContrastiveOptions, contrastive } from "./contrastive.ts";
export { cosineSimilarity } from "./cosine-similarity.ts";
export { type CtcOptions, ctc } from "./ctc.ts";
export { dice } from "./dice.ts";
export { type GaussianNllOptions, gaussianNll } from "./gaussian-nll.ts";
export { hinge } from "./hinge.ts";
export { type HuberOptions, huber } from "./huber.ts";
export { klDivergence } from "./kl-divergence.ts";
export { logCosh } from "./log-cosh.ts";
export type { LossOptions, Reduction } from "./loss.ts";
export { meanAbsoluteError } from "./mean-absolute-error.ts";
export { meanAbsolutePercentageError } from "./mean-absolute-percentage-error.ts";
export { meanSquaredError } from "./mean-squared-error.ts";
export { meanSquaredLogarithmicError } from "./mean-squared-logarithmic-error.ts";
export type { OverlapOptions } from "./overlap.ts";
export type { Distance } from "./pairs.ts";
export { poisson } from "./poisson.ts";
export type { CrossentropyOptions, LogitsOptions } from "./probabilities.ts";
export { type QuantileOptions, quantile } from "./quantile.ts";
export { type SparseCrossentropyOptions, sparseCategoricalCrossentropy } from "./sparse-categorical-crossentropy.ts";
export { squaredHinge } from "./squared-hinge.ts";
export { type TripletOptions, triplet } from "./triplet.ts";
export { type TripletMarginOptions, tripletMargin } from "./triplet-margin.ts";
export { type TverskyOptions, tversky } from "./tversky.ts";
