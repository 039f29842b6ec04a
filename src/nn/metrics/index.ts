export {
  accuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
} from "./accuracy.ts";
export { type ConfusionMatrixOptions, confusionMatrix } from "./confusion-matrix.ts";
export { meanAbsoluteError, meanSquaredError } from "./errors.ts";
export { type R2Options, r2 } from "./r2.ts";
export { type Averaging, f1, precision, recall, type ScoreOptions } from "./scores.ts";
