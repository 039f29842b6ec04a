import { checkNumber } from "../checks.ts";
import { aligned } from "../losses/loss.ts";
import { oneHotLabels } from "../losses/sparse-categorical-crossentropy.ts";
import { cut, hasClassNumbers, taskOf } from "./decision.ts";
import { average, defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

/**
 * The share of right decisions. What is right follows from the shapes, as in Keras: one output unit means
 * `binaryAccuracy`, class numbers as targets `sparseCategoricalAccuracy`, else `categoricalAccuracy`; several units
 * behind a binary cross-entropy are several labels, so `binaryAccuracy`.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
 */
export function accuracy(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("accuracy", options, [], (context) => {
    if (taskOf(context) !== "multiclass") return binaryAccuracy().build(context);
    return (hasClassNumbers(context) ? sparseCategoricalAccuracy : categoricalAccuracy)().build(context);
  });
}

export interface BinaryAccuracyOptions extends MetricOptions {
  /** A probability that must be exceeded; default 0.5 (Keras). For logits its logit is used: 0 for 0.5. */
  threshold?: number;
}

/** The share of yes-or-no decisions, over all outputs, that are right. */
export function binaryAccuracy(options: BinaryAccuracyOptions = {}): MetricDefinition {
  if (options.threshold !== undefined) checkNumber("binaryAccuracy", "threshold", options.threshold, 0, 1);
  return defineMetric("binaryAccuracy", options, ["threshold"], (context) =>
    average((yTrue, yPred) =>
      aligned(yTrue, yPred, "binaryAccuracy")
        .greater(0.5)
        .equal(yPred.greater(cut(context, options.threshold))),
    ),
  );
}

/** The share of samples whose largest output is where the target, one-hot or a distribution, is largest. */
export function categoricalAccuracy(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("categoricalAccuracy", options, [], () =>
    average((yTrue, yPred) => {
      const labels = aligned(yTrue, yPred, "categoricalAccuracy");
      return labels.argmax({ axis: -1 }).equal(yPred.argmax({ axis: -1 }));
    }),
  );
}

/** The share of samples whose largest output is the one that the target, a class number, counts. */
export function sparseCategoricalAccuracy(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("sparseCategoricalAccuracy", options, [], () =>
    average((yTrue, yPred) => {
      const labels = oneHotLabels(yTrue, yPred.shape);
      return labels.argmax({ axis: -1 }).equal(yPred.argmax({ axis: -1 }));
    }),
  );
}
