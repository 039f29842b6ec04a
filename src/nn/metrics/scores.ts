import { checkNumber } from "../checks.ts";
import { checkThreshold, countsOf, perClass, ratio, type ScoreOptions, scoreOf } from "./counts.ts";
import { decisionOf } from "./decision.ts";
import { defineMetric, type MetricDefinition } from "./metric.ts";

export interface FBetaOptions extends ScoreOptions {
  /** How many times as much recall counts as precision; default 1 (Keras). */
  beta?: number;
}

/**
 * Of what was decided to be of a class, the share that is: hits / decided; 0 when nothing was (scikit-learn, Keras).
 *
 * @example
 * metrics.precision({ average: "none" }); // one number per class
 */
export function precision(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("precision", options, ({ hits, decided }) => ratio(hits, decided));
}

/** Of what is of a class, the share that was found: hits / truth; 0 when there is none (scikit-learn, Keras): the sensitivity. */
export function recall(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("recall", options, ({ hits, truth }) => ratio(hits, truth));
}

/** The harmonic mean of precision and recall, 2 hits / (decided + truth) of each class; 0 when both are 0: Dice's coefficient. */
export function f1(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("f1", options, ({ hits, decided, truth }) => ratio(2 * hits, decided + truth));
}

/** (1 + b^2) hits / (decided + b^2 truth) of each class, b being beta (van Rijsbergen, 1979; scikit-learn, Keras's FBetaScore). */
export function fBeta(options: FBetaOptions = {}): MetricDefinition {
  const { beta = 1 } = options;
  checkNumber("fBeta", "beta", beta, Number.MIN_VALUE);
  const squared = beta * beta;
  const of = ({ hits, decided, truth }: { hits: number; decided: number; truth: number }) =>
    ratio((1 + squared) * hits, decided + squared * truth);
  return scoreOf("fBeta", options, of, ["beta"]);
}

/** Of what is not of a class, the share that was not decided to be: TN / (TN + FP); 0 when all is: recall of the "no". */
export function specificity(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("specificity", options, ({ hits, decided, truth, all }) =>
    ratio(all - truth - decided + hits, all - truth),
  );
}

/**
 * Intersection over union of each class, hits / (decided + truth - hits); 0 for a class that never occurs (Jaccard, 1901; Keras's
 * IoU, BinaryIoU and OneHotIoU; scikit-learn's jaccard_score). Outputs of several axes are counted place by place.
 */
export function iou(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("iou", options, ({ hits, decided, truth }) => ratio(hits, decided + truth - hits));
}

/**
 * The mean of intersection over union, hits / (decided + truth - hits), over the classes that occur; one unit has the classes no
 * and yes (Keras's MeanIoU and OneHotMeanIoU).
 */
export function meanIou(options: Pick<ScoreOptions, "name" | "threshold"> = {}): MetricDefinition {
  checkThreshold("meanIou", options.threshold);
  return defineMetric("meanIou", options, ["threshold"], (context) => {
    const decision = decisionOf(context, "meanIou", options.threshold);
    return {
      ...countsOf(decision, decision.task === "binary"),
      result(total) {
        const there = perClass(total).filter(({ decided, truth }) => decided + truth > 0);
        return ratio(
          there.reduce((sum, { hits, decided, truth }) => sum + hits / (decided + truth - hits), 0),
          there.length,
        );
      },
    };
  });
}

/** Of what is of a class, the share that was found, averaged over the classes that occur (scikit-learn). */
export function balancedAccuracy(options: Pick<ScoreOptions, "name" | "threshold"> = {}): MetricDefinition {
  checkThreshold("balancedAccuracy", options.threshold);
  return defineMetric("balancedAccuracy", options, ["threshold"], (context) => {
    const decision = decisionOf(context, "balancedAccuracy", options.threshold);
    return {
      ...countsOf(decision, decision.task === "binary"),
      result(total) {
        const there = perClass(total).filter(({ truth }) => truth > 0);
        return ratio(
          there.reduce((sum, { hits, truth }) => sum + hits / truth, 0),
          there.length,
        );
      },
    };
  });
}

/** How much was decided to be of a class and is (Keras); all classes together unless `average` says otherwise. */
export function truePositives(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("truePositives", options, ({ hits }) => hits, [], "micro");
}

/** How much was decided to be of a class and is not (Keras); all classes together unless `average` says otherwise. */
export function falsePositives(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("falsePositives", options, ({ hits, decided }) => decided - hits, [], "micro");
}

/** How much is of a class and was not decided to be (Keras); all classes together unless `average` says otherwise. */
export function falseNegatives(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf("falseNegatives", options, ({ hits, truth }) => truth - hits, [], "micro");
}

/** How much is not of a class and was not decided to be (Keras); all classes together unless `average` says otherwise. */
export function trueNegatives(options: ScoreOptions = {}): MetricDefinition {
  return scoreOf(
    "trueNegatives",
    options,
    ({ hits, decided, truth, all }) => all - decided - truth + hits,
    [],
    "micro",
  );
}
