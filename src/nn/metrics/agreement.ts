import { checkWord } from "../checks.ts";
import { type ConfusionMatrixOptions, confusionMetric } from "./confusion-matrix.ts";
import type { MetricDefinition } from "./metric.ts";

/**
 * Matthews's correlation of truth and decision, (c s - sum t_k p_k) / sqrt((s^2 - sum t_k^2) (s^2 - sum p_k^2)) with c right of s
 * samples, t_k true and p_k decided of class k; 0 when either is always the same (Matthews, 1975; Gorodkin, 2004; scikit-learn).
 */
export function matthewsCorrelation(options: ConfusionMatrixOptions = {}): MetricDefinition {
  return confusionMetric("matthewsCorrelation", options, [], (counts) => {
    const { truth, decided, all } = margins(counts);
    const right = counts.reduce((sum, row, k) => sum + (row[k] as number), 0);
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * (b[k] as number), 0);
    const spread = (all ** 2 - dot(truth, truth)) * (all ** 2 - dot(decided, decided));
    return spread > 0 ? (right * all - dot(truth, decided)) / Math.sqrt(spread) : 0;
  });
}

export interface CohenKappaOptions extends ConfusionMatrixOptions {
  /** What a mistake counts: "none", all alike, the default; "linear" or "quadratic" in the distance of the class numbers. */
  weights?: "none" | "linear" | "quadratic";
}

/**
 * Agreement beyond chance: 1 - sum w o / sum w e, with o what was observed, e what truth and decision would have in common by
 * chance, w what a mistake counts (Cohen, 1960, 1968; scikit-learn); 0 when there is nothing to agree on.
 *
 * @example
 * metrics.cohenKappa({ weights: "quadratic" }); // grades from 0 to 4, say
 */
export function cohenKappa(options: CohenKappaOptions = {}): MetricDefinition {
  const { weights = "none" } = options;
  checkWord("cohenKappa", "weights", weights, ["none", "linear", "quadratic"]);
  const cost = (i: number, j: number) =>
    weights === "none" ? Number(i !== j) : weights === "linear" ? Math.abs(i - j) : (i - j) ** 2;
  return confusionMetric("cohenKappa", options, ["weights"], (counts) => {
    const { truth, decided, all } = margins(counts);
    let observed = 0;
    let expected = 0;
    counts.forEach((row, i) => {
      row.forEach((count, j) => {
        observed += cost(i, j) * count;
        expected += (cost(i, j) * (truth[i] as number) * (decided[j] as number)) / all;
      });
    });
    return expected > 0 ? 1 - observed / expected : 0;
  });
}

function margins(counts: number[][]): { truth: number[]; decided: number[]; all: number } {
  const truth = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const decided = counts.map((_, j) => counts.reduce((sum, row) => sum + (row[j] as number), 0));
  return { truth, decided, all: truth.reduce((sum, count) => sum + count, 0) };
}
