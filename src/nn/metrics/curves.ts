import { concatenate } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkFlag, checkWord } from "../checks.ts";
import { decisionOf } from "./decision.ts";
import { defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

export interface CurveOptions extends MetricOptions {
  /**
   * How the classes of several units, each against all others, become one number: "macro", the mean and default; "weighted" by their
   * number of true samples; "none", a list. Classes without true or without other samples are left out of means, and 0 in lists.
   */
  average?: "macro" | "weighted" | "none";
  /** Each unit decides for itself; default: as the model's loss has it, true for a binary cross-entropy (Keras's multi_label). */
  multiLabel?: boolean;
}

/** What each threshold that changes a decision gives, from above all scores to below all. */
export interface Curve {
  /** Weight of what is true, or not, and at least at the threshold: [0, ..., positives], [0, ..., negatives]. */
  readonly hits: readonly number[];
  readonly alarms: readonly number[];
  readonly positives: number;
  readonly negatives: number;
}

/**
 * A metric that follows from how all scores are ordered. For that a row per sample is collected: its scores, its label (or its labels)
 * and its weight; so a data set of n samples takes 8 n (classes + 2) bytes of memory, and 24 n for one unit.
 */
export function curveMetric(
  kind: string,
  options: CurveOptions,
  allowed: readonly string[],
  of: (curve: Curve) => number,
): MetricDefinition {
  const { average = "macro", multiLabel } = options;
  checkWord(kind, "average", average, ["macro", "weighted", "none"]);
  if (multiLabel !== undefined) checkFlag(kind, "multiLabel", multiLabel);
  return defineMetric(kind, options, ["average", "multiLabel", ...allowed], (context) => {
    const decision = decisionOf(context, kind, multiLabel ? 0.5 : undefined);
    const { classes } = decision;
    const single = decision.task === "multiclass"; // one label per row
    const size = classes + (single ? 1 : classes) + 1;
    return {
      size,
      collects: true,
      statistics(yTrue, yPred, sampleWeight) {
        const truth = decision.truth(yTrue, yPred);
        const labels = single ? truth.argmax({ axis: 1, keepdims: true }).cast("float32") : truth;
        const weights = decision.weights(yPred.shape[0] ?? 1, sampleWeight);
        return concatenate([yPred.reshape([-1, classes]), labels, weights], { axis: 1 }).flatten();
      },
      result(total) {
        const curves = Array.from({ length: classes }, (_, k) =>
          curveOf(
            total,
            size,
            k,
            single ? (row) => total[row + classes] === k : (row) => total[row + classes + k] === 1,
          ),
        );
        const values = curves.map((curve) => (curve.positives > 0 && curve.negatives > 0 ? of(curve) : 0));
        if (average === "none") return values;
        const counts = curves.map(({ positives, negatives }) =>
          positives > 0 && negatives > 0 ? (average === "weighted" ? positives : 1) : 0,
        );
        const count = counts.reduce((sum, each) => sum + each, 0);
        return count > 0 ? values.reduce((sum, value, k) => sum + value * (counts[k] as number), 0) / count : 0;
      },
    };
  });
}

/** The curve of the scores in column `column` of rows of `size` numbers, the last of which is their weight. */
function curveOf(rows: Float64Array, size: number, column: number, isTrue: (row: number) => boolean): Curve {
  const order: number[] = [];
  for (let row = 0; row < rows.length; row += size) if (rows[row + size - 1] !== 0) order.push(row);
  const score = (row: number) => rows[row + column] as number;
  if (order.some((row) => Number.isNaN(score(row)))) fail("a curve of scores that are no numbers", "numbers");
  order.sort((a, b) => score(b) - score(a));
  const [hits, alarms] = [[0], [0]];
  let [positives, negatives] = [0, 0];
  order.forEach((row, i) => {
    const weight = rows[row + size - 1] as number;
    if (isTrue(row)) positives += weight;
    else negatives += weight;
    const next = order[i + 1];
    if (next !== undefined && score(next) === score(row)) return; // ties fall together
    hits.push(positives);
    alarms.push(negatives);
  });
  return { hits, alarms, positives, negatives };
}
