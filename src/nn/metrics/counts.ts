import { concatenate } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkNumber, checkWord } from "../checks.ts";
import { bothClasses, type Decision, decisionOf } from "./decision.ts";
import { defineMetric, type Metric, type MetricDefinition, type MetricOptions } from "./metric.ts";

/**
 * How the classes' scores become one: "binary": the score of the positive class alone; "micro": the score of the counts
 * of all classes together; "macro": the mean; "weighted": the mean weighted by the number of true samples; "none": a
 * list, one score per class.
 */
export type Averaging = "binary" | "micro" | "macro" | "weighted" | "none";

export interface ScoreOptions extends MetricOptions {
  /** Default "binary" for one output unit (scikit-learn), "macro" for several, which count all alike. */
  average?: Averaging;
  /** A probability that must be exceeded; default 0.5 for one unit or several labels, the largest unit for classes. */
  threshold?: number;
}

/** Of a class: decided and true, decided, true; and all samples. */
export interface Counts {
  hits: number;
  decided: number;
  truth: number;
  all: number;
}

/** A score that a class's counts give. */
export function scoreOf(
  kind: string,
  options: ScoreOptions,
  of: (counts: Counts) => number,
  allowed: readonly string[] = [],
  defaultAverage: Averaging = "macro",
): MetricDefinition {
  const { average, threshold } = options;
  if (average !== undefined) checkWord(kind, "average", average, ["binary", "micro", "macro", "weighted", "none"]);
  checkThreshold(kind, threshold);
  return defineMetric(kind, options, ["average", "threshold", ...allowed], (context) => {
    const decision = decisionOf(context, kind, threshold);
    const averaging = average ?? (decision.task === "binary" ? "binary" : defaultAverage);
    if (averaging === "binary" && decision.classes > 2) {
      fail(`${kind} has average: "binary", but ${decision.classes} classes`, '"micro", "macro", "weighted" or "none"');
    }
    const both = decision.task === "binary" && averaging !== "binary";
    return {
      ...countsOf(decision, both),
      result: (total) => averaged(perClass(total), averaging, of),
    };
  });
}

export function checkThreshold(kind: string, threshold: number | undefined): void {
  if (threshold !== undefined) checkNumber(kind, "threshold", threshold, 0, 1);
}

/** Statistics [3 classes + 1]: hits, then decided, then truth, then all. `both`: a binary decision counts "no" as a class. */
export function countsOf(decision: Decision, both: boolean): Pick<Metric, "size" | "statistics"> {
  const columns = both ? bothClasses : <T>(x: T) => x;
  return {
    size: 3 * (both ? 2 : decision.classes) + 1,
    statistics(yTrue, yPred, sampleWeight) {
      const truth = columns(decision.truth(yTrue, yPred));
      const decided = columns(decision.decided(yPred));
      const weights = decision.weights(yPred.shape[0] ?? 1, sampleWeight);
      const cells = [truth.mul(decided), decided, truth]; // each [rows, classes]
      return concatenate(
        [
          ...cells.map((cell) => (sampleWeight ? cell.mul(weights) : cell).sum({ axis: 0 })),
          weights.sum().reshape([1]),
        ],
        { axis: 0 },
      );
    },
  };
}

export function perClass(total: Float64Array): Counts[] {
  const classes = (total.length - 1) / 3;
  return Array.from({ length: classes }, (_, i) => ({
    hits: total[i] ?? 0,
    decided: total[classes + i] ?? 0,
    truth: total[2 * classes + i] ?? 0,
    all: total[3 * classes] ?? 0,
  }));
}

function averaged(classes: Counts[], averaging: Averaging, of: (counts: Counts) => number): number | number[] {
  const sum = (value: (counts: Counts) => number) => classes.reduce((total, counts) => total + value(counts), 0);
  switch (averaging) {
    case "none":
      return classes.map(of);
    case "binary":
      return of(classes.at(-1) ?? { hits: 0, decided: 0, truth: 0, all: 0 });
    case "micro":
      return of({
        hits: sum((c) => c.hits),
        decided: sum((c) => c.decided),
        truth: sum((c) => c.truth),
        all: sum((c) => c.all),
      });
    case "macro":
      return sum(of) / classes.length;
    case "weighted":
      return ratio(
        sum((c) => c.truth * of(c)),
        sum((c) => c.truth),
      );
  }
}

export function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
