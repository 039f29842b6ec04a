import type { Json } from "../../nn/index.ts";

/** What is saved with a model for those who use it. */
export interface ModelFacts {
  /** What was done to the data before the model saw it, such as scaler.toJSON(); null when nothing was said. */
  readonly preprocessing: Json;
  /** What the classes mean, in order; null when nothing was said. */
  readonly labels: readonly string[] | null;
}

/** Options of `save`. */
export interface SaveOptions {
  /** What was done to the data before the model saw it, such as scaler.toJSON(); default what the model was loaded with. */
  preprocessing?: Json;
  /** What the classes mean, in order; default what the model was loaded with. */
  labels?: readonly string[] | null;
}
