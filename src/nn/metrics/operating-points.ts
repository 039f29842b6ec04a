import { checkNumber } from "../checks.ts";
import { type Curve, type CurveOptions, curveMetric } from "./curves.ts";
import type { MetricDefinition } from "./metric.ts";

export interface AtSpecificityOptions extends CurveOptions {
  /** The least TN / (TN + FP), from 0 to 1; default 0.5. */
  specificity?: number;
}

export interface AtSensitivityOptions extends CurveOptions {
  /** The least TP / (TP + FN), from 0 to 1; default 0.5. */
  sensitivity?: number;
}

export interface AtRecallOptions extends CurveOptions {
  /** The least TP / (TP + FN), from 0 to 1; default 0.5. */
  recall?: number;
}

export interface AtPrecisionOptions extends CurveOptions {
  /** The least TP / (TP + FP), from 0 to 1; default 0.5. */
  precision?: number;
}

/** The best TP / (TP + FN) of all thresholds whose TN / (TN + FP) is at least `specificity` (Keras, there of 200 thresholds). */
export function sensitivityAtSpecificity(options: AtSpecificityOptions = {}): MetricDefinition {
  const least = given("sensitivityAtSpecificity", "specificity", options.specificity);
  return best(
    "sensitivityAtSpecificity",
    options,
    "specificity",
    (p) => p.specificity >= least,
    (p) => p.recall,
  );
}

/** The best TN / (TN + FP) of all thresholds whose TP / (TP + FN) is at least `sensitivity` (Keras, there of 200 thresholds). */
export function specificityAtSensitivity(options: AtSensitivityOptions = {}): MetricDefinition {
  const least = given("specificityAtSensitivity", "sensitivity", options.sensitivity);
  return best(
    "specificityAtSensitivity",
    options,
    "sensitivity",
    (p) => p.recall >= least,
    (p) => p.specificity,
  );
}

/** The best TP / (TP + FP) of all thresholds whose TP / (TP + FN) is at least `recall` (Keras, there of 200 thresholds). */
export function precisionAtRecall(options: AtRecallOptions = {}): MetricDefinition {
  const least = given("precisionAtRecall", "recall", options.recall);
  return best(
    "precisionAtRecall",
    options,
    "recall",
    (p) => p.recall >= least,
    (p) => p.precision,
  );
}

/** The best TP / (TP + FN) of all thresholds whose TP / (TP + FP) is at least `precision` (Keras, there of 200 thresholds). */
export function recallAtPrecision(options: AtPrecisionOptions = {}): MetricDefinition {
  const least = given("recallAtPrecision", "precision", options.precision);
  return best(
    "recallAtPrecision",
    options,
    "precision",
    (p) => p.precision >= least,
    (p) => p.recall,
  );
}

/** What a threshold comes to. */
interface Point {
  readonly recall: number;
  readonly specificity: number;
  /** 0 where nothing is decided (Keras). */
  readonly precision: number;
}

function given(kind: string, name: string, least = 0.5): number {
  checkNumber(kind, name, least, 0, 1);
  return least;
}

function best(
  kind: string,
  options: CurveOptions,
  name: string,
  allowed: (point: Point) => boolean,
  value: (point: Point) => number,
): MetricDefinition {
  const of = ({ hits, alarms, positives, negatives }: Curve) => {
    let most = 0;
    hits.forEach((hit, i) => {
      const alarm = alarms[i] as number;
      const precision = hit > 0 ? hit / (hit + alarm) : 0;
      const point = { recall: hit / positives, specificity: 1 - alarm / negatives, precision };
      if (allowed(point)) most = Math.max(most, value(point));
    });
    return most;
  };
  return curveMetric(kind, options, [name], of);
}
