export { binaryCrossentropy } from "./binary-crossentropy.ts";
export { categoricalCrossentropy } from "./categorical-crossentropy.ts";
export { type HuberOptions, huber } from "./huber.ts";
export { meanAbsoluteError } from "./mean-absolute-error.ts";
export { meanSquaredError } from "./mean-squared-error.ts";
export type { CrossentropyOptions, LogitsOptions } from "./probabilities.ts";
export { sparseCategoricalCrossentropy } from "./sparse-categorical-crossentropy.ts";
