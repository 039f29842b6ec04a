import { fail } from "../../util/index.ts";
import { bothClasses, decisionOf } from "./decision.ts";
import { defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

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
  return defineMetric("confusionMatrix", options, ["threshold"], (context) => {
    const decision = decisionOf(context, "confusionMatrix", options.threshold);
    const { task } = decision;
    if (task === "multilabel") {
      fail(
        "confusionMatrix got several labels per sample",
        "one class per sample",
        'use precision({ average: "none" })',
      );
    }
    const classes = task === "binary" ? 2 : decision.classes;
    const columns = task === "binary" ? bothClasses : <T>(x: T) => x;
    return {
      size: classes * classes,
      statistics(yTrue, yPred, sampleWeight) {
        const truth = columns(decision.truth(yTrue, yPred));
        const decided = columns(decision.decided(yPred));
        const counted = sampleWeight ? decided.mul(decision.weights(sampleWeight)) : decided;
        return truth.transpose().matmul(counted).flatten();
      },
      result: (total) =>
        Array.from({ length: classes }, (_, row) => [...total.subarray(row * classes, (row + 1) * classes)]),
    };
  });
}
