import { concatenate, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape, product } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { oneHotLabels } from "../losses/sparse-categorical-crossentropy.ts";
import { type MetricContext, rowWeights } from "./metric.ts";

/**
 * What an output decides: one yes or no ("binary": one unit), several ("multilabel": several units behind a binary
 * cross-entropy, or with a threshold) or one class of several ("multiclass": the largest).
 */
export type Task = "binary" | "multilabel" | "multiclass";

/** Truth and decision as rows of 0 and 1. A row is a sample, or a place in it when outputs have more than one axis. */
export interface Decision {
  readonly task: Task;
  readonly classes: number;
  /** [rows, classes] */
  truth(yTrue: Tensor, yPred: Tensor): Tensor;
  /** [rows, classes] */
  decided(yPred: Tensor): Tensor;
  /** What each row counts, [rows, 1], by sampleWeight [batch]; 1 without it. */
  weights(batch: number, sampleWeight: Tensor | undefined): Tensor;
}

/** How an output of that shape decides; `threshold` is a probability that must be exceeded, default 0.5 (Keras). */
export function decisionOf(context: MetricContext, where: string, threshold?: number): Decision {
  if (threshold !== undefined) checkNumber(where, "threshold", threshold, 0, 1);
  const { outputShape } = context;
  const classes = outputShape.at(-1) ?? 1;
  const task = taskOf(context, threshold);
  const places = product(outputShape.slice(0, -1));
  const rows = (x: Tensor) => x.reshape([-1, classes]);
  const limit = cut(context, threshold);

  return {
    task,
    classes,
    truth(yTrue, yPred) {
      if (task === "binary") return rows(yTrue.greater(0.5).cast("float32"));
      if (hasClassNumbers(context)) return rows(oneHotLabels(yTrue, yPred.shape));
      if (product(context.targetShape) !== product(outputShape)) {
        fail(
          `${where} received targets of shape ${formatShape(context.targetShape)} for outputs ${formatShape(outputShape)}`,
          "class numbers, or one number per class",
        );
      }
      return task === "multilabel"
        ? rows(yTrue.greater(0.5).cast("float32"))
        : rows(yTrue.argmax({ axis: -1 }).oneHot(classes).cast("float32"));
    },
    decided(yPred) {
      const decided = task === "multiclass" ? yPred.argmax({ axis: -1 }).oneHot(classes) : yPred.greater(limit);
      return rows(decided.cast("float32"));
    },
    weights: (batch, sampleWeight) => rowWeights(batch, places, sampleWeight),
  };
}

/** The two columns [no, yes] of a binary decision's [yes]. */
export function bothClasses(yes: Tensor): Tensor {
  return concatenate([yes.neg().add(1), yes], { axis: 1 });
}

/** True when targets are class numbers: an axis less than the outputs, or its size 1 (Keras). */
export function hasClassNumbers({ outputShape, targetShape }: MetricContext): boolean {
  return (outputShape.at(-1) ?? 1) > 1 && (targetShape.length < outputShape.length || targetShape.at(-1) === 1);
}

export function taskOf({ outputShape, loss }: MetricContext, threshold?: number): Task {
  if ((outputShape.at(-1) ?? 1) === 1) return "binary";
  return threshold !== undefined || loss?.targets === "probabilities" ? "multilabel" : "multiclass";
}

/** Probabilities, where the predictions are logits for the loss. */
export function probabilitiesOf(context: MetricContext, yPred: Tensor): Tensor {
  if (context.loss?.options["fromLogits"] !== true) return yPred;
  return taskOf(context) === "multiclass" ? yPred.softmax({ axis: -1 }) : yPred.sigmoid();
}

/** The threshold in the units of the predictions: log(p / (1 - p)) where the loss takes them as logits. */
export function cut({ loss }: MetricContext, threshold = 0.5): number {
  return loss?.options["fromLogits"] === true ? Math.log(threshold / (1 - threshold)) : threshold;
}
