import { checkWord } from "../checks.ts";
import { type Curve, type CurveOptions, curveMetric } from "./curves.ts";
import type { MetricDefinition } from "./metric.ts";

export interface AucOptions extends CurveOptions {
  /** "roc", true over false positive rate, the default (Keras); "pr", precision over recall. */
  curve?: "roc" | "pr";
}

/**
 * The area under the ROC curve, the probability that a true sample has a greater score than another, ties counting half; or under the
 * curve of precision over recall, by trapezoids. Exact, from the scores of all samples (scikit-learn's roc_auc_score, with "ovr" for
 * classes, and auc), where Keras counts at 200 thresholds; they take 24 bytes of memory per sample.
 *
 * @example
 * metrics.auc({ curve: "pr", name: "prAuc" });
 */
export function auc(options: AucOptions = {}): MetricDefinition {
  const { curve = "roc" } = options;
  checkWord("auc", "curve", curve, ["roc", "pr"]);
  return curveMetric("auc", options, ["curve"], curve === "roc" ? underRoc : underPrecision);
}

/** sum over thresholds of (recall_i - recall_(i-1)) precision_i: precision at every recall reached (scikit-learn). */
export function averagePrecision(options: CurveOptions = {}): MetricDefinition {
  return curveMetric("averagePrecision", options, [], ({ hits, alarms, positives }) => {
    let sum = 0;
    for (let i = 1; i < hits.length; i++) sum += (hits[i]! - hits[i - 1]!) * precisionAt(hits[i]!, alarms[i]!);
    return sum / positives;
  });
}

function underRoc({ hits, alarms, positives, negatives }: Curve): number {
  let area = 0;
  for (let i = 1; i < hits.length; i++) area += ((alarms[i]! - alarms[i - 1]!) * (hits[i]! + hits[i - 1]!)) / 2;
  return area / (positives * negatives);
}

function underPrecision({ hits, alarms, positives }: Curve): number {
  let area = 0;
  for (let i = 1; i < hits.length; i++) {
    const [before, after] = [precisionAt(hits[i - 1]!, alarms[i - 1]!), precisionAt(hits[i]!, alarms[i]!)];
    area += ((hits[i]! - hits[i - 1]!) * (before + after)) / 2;
  }
  return area / positives;
}

/** 1 where nothing is decided (scikit-learn). */
function precisionAt(hits: number, alarms: number): number {
  return hits + alarms > 0 ? hits / (hits + alarms) : 1;
}
