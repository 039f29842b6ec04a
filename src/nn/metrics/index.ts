export {
  accuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
} from "./accuracy.ts";
export { type CohenKappaOptions, cohenKappa, matthewsCorrelation } from "./agreement.ts";
export { type AucOptions, auc, averagePrecision } from "./auc.ts";
export { brier, type CalibrationOptions, expectedCalibrationError } from "./calibration.ts";
export { maxError, medianAbsoluteError, spearmanCorrelation } from "./collected.ts";
export { type ConfusionMatrixOptions, confusionMatrix } from "./confusion-matrix.ts";
export { concordanceCorrelation, explainedVariance, pearsonCorrelation } from "./correlation.ts";
export type { Averaging, ScoreOptions } from "./counts.ts";
export type { CurveOptions } from "./curves.ts";
export {
  binaryCrossentropy,
  type CrossentropyMetricOptions,
  categoricalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  type HuberMetricOptions,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  perplexity,
  poisson,
  rootMeanSquaredError,
  type SparseCrossentropyMetricOptions,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from "./means.ts";
export type { PerOutputOptions } from "./moments.ts";
export {
  type AtPrecisionOptions,
  type AtRecallOptions,
  type AtSensitivityOptions,
  type AtSpecificityOptions,
  precisionAtRecall,
  recallAtPrecision,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from "./operating-points.ts";
export { r2 } from "./r2.ts";
export {
  balancedAccuracy,
  type FBetaOptions,
  f1,
  falseNegatives,
  falsePositives,
  fBeta,
  iou,
  meanIou,
  precision,
  recall,
  specificity,
  trueNegatives,
  truePositives,
} from "./scores.ts";
export { sparseTopKCategoricalAccuracy, type TopKOptions, topKCategoricalAccuracy } from "./top-k.ts";
