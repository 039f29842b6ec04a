import type { Tensor } from "../../tensor/index.ts";
import { checkCount } from "../checks.ts";
import { aligned } from "../losses/loss.ts";
import { oneHotLabels } from "../losses/sparse-categorical-crossentropy.ts";
import { average, defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

export interface TopKOptions extends MetricOptions {
  /** How many of the largest outputs count; default 5 (Keras). */
  k?: number;
}

/** The share of samples whose true class, where the target is largest, is among the k largest outputs (Keras). */
export function topKCategoricalAccuracy(options: TopKOptions = {}): MetricDefinition {
  return topK("topKCategoricalAccuracy", options, (yTrue, yPred) => {
    const labels = aligned(yTrue, yPred, "topKCategoricalAccuracy");
    return labels.argmax({ axis: -1 }).oneHot(yPred.shape.at(-1) ?? 1);
  });
}

/** The share of samples whose true class, a class number, is among the k largest outputs (Keras). */
export function sparseTopKCategoricalAccuracy(options: TopKOptions = {}): MetricDefinition {
  return topK("sparseTopKCategoricalAccuracy", options, (yTrue, yPred) => oneHotLabels(yTrue, yPred.shape));
}

function topK(kind: string, options: TopKOptions, truth: (yTrue: Tensor, yPred: Tensor) => Tensor): MetricDefinition {
  const { k = 5 } = options;
  checkCount(kind, "k", k);
  return defineMetric(kind, options, ["k"], () =>
    average((yTrue, yPred) => {
      const own = truth(yTrue, yPred).mul(yPred).sum({ axis: -1, keepdims: true });
      return yPred.greater(own).cast("float32").sum({ axis: -1 }).less(k);
    }),
  );
}
