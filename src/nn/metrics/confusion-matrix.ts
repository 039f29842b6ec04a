import { fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { bothClasses, decisionOf } from "./decision.ts";
import { defineMetric, type Metric, type MetricContext, type MetricDefinition, type MetricOptions } from "./metric.ts";

export interface ConfusionMatrixOptions extends MetricOptions {
  /** For one output unit: a probability that must be exceeded; default 0.5 (Keras). */
  threshold?: number;
}

/**
 * How often each class (row) was taken for each class (column), as lists of numbers. One output unit has two classes.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["confusionMatrix"] });
 * const { confusionMatrix } = await model.evaluate(x, y);
 */
export function confusionMatrix(options: ConfusionMatrixOptions = {}): MetricDefinition {
  return confusionMetric("confusionMatrix", options, [], (counts) => counts);
}

/** A metric that follows from how often each class (row) was taken for each class (column). */
export function confusionMetric(
  kind: string,
  options: ConfusionMatrixOptions,
  allowed: readonly string[],
  result: (counts: number[][]) => ReturnType<Metric["result"]>,
): MetricDefinition {
  if (options.threshold !== undefined) checkNumber(kind, "threshold", options.threshold, 0, 1);
  return defineMetric(kind, options, ["threshold", ...allowed], (context) => {
    const { size, classes, statistics } = confusions(kind, context, options.threshold);
    const rows = (total: Float64Array) =>
      Array.from({ length: classes }, (_, row) => [...total.subarray(row * classes, (row + 1) * classes)]);
    return { size, statistics, result: (total) => result(rows(total)) };
  });
}

function confusions(kind: string, context: MetricContext, threshold: number | undefined) {
  const decision = decisionOf(context, kind, threshold);
  const { task } = decision;
  if (task === "multilabel") {
    fail(`${kind} got several labels per sample`, "one class per sample", 'use precision({ average: "none" })');
  }
  const classes = task === "binary" ? 2 : decision.classes;
  const columns = task === "binary" ? bothClasses : <T>(x: T) => x;
  const statistics: Metric["statistics"] = (yTrue, yPred, sampleWeight) => {
    const truth = columns(decision.truth(yTrue, yPred));
    const decided = columns(decision.decided(yPred));
    const counted = sampleWeight ? decided.mul(decision.weights(yPred.shape[0] ?? 1, sampleWeight)) : decided;
    return truth.transpose().matmul(counted).flatten();
  };
  return { size: classes * classes, classes, statistics };
}
