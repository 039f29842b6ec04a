import { concatenate, type Tensor } from "../../tensor/index.ts";
import { product } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import { aligned } from "../losses/loss.ts";
import { defineMetric, type MetricDefinition, type MetricOptions, placeWeights } from "./metric.ts";

export interface PerOutputOptions extends MetricOptions {
  /** "uniform": the mean of the outputs' scores, the default (scikit-learn); "none": a list. */
  average?: "uniform" | "none";
}

/** Of one output's numbers a and b: means, variances and covariance, weighted. */
export interface PairMoments {
  readonly meanA: number;
  readonly meanB: number;
  readonly varA: number;
  readonly varB: number;
  readonly covariance: number;
}

/**
 * A metric from the first and second moments of two numbers per output. Statistics, for each output: its weight, a value near each mean,
 * the sums of distances from it, of their squares and of their product. Batches merge by the formula of Chan, Golub & LeVeque (1979), so
 * that variances of numbers far from zero are not lost in rounding.
 */
export function momentMetric(
  kind: string,
  options: PerOutputOptions,
  pair: (y: Tensor, p: Tensor) => [Tensor, Tensor],
  of: (moments: PairMoments) => number,
): MetricDefinition {
  const { average = "uniform" } = options;
  checkWord(kind, "average", average, ["uniform", "none"]);
  return defineMetric(kind, options, ["average"], ({ outputShape }) => {
    const outputs = product(outputShape);
    const at = (field: number, i: number) => field * outputs + i;
    return {
      size: 8 * outputs,
      statistics(yTrue, yPred, sampleWeight) {
        const batch = yPred.shape[0] ?? 1;
        const weights = placeWeights(batch, outputs, sampleWeight);
        const [a, b] = pair(aligned(yTrue, yPred, kind).reshape([batch, outputs]), yPred.reshape([batch, outputs])) as [
          Tensor,
          Tensor,
        ];
        const shifts = [a.slice([0, 1]), b.slice([0, 1])] as const;
        const [da, db] = [a.sub(shifts[0]), b.sub(shifts[1])];
        const sums = [da, db, da.square(), db.square(), da.mul(db)].map((x) => x.mul(weights).sum({ axis: 0 }));
        return concatenate([weights.sum({ axis: 0 }), shifts[0].flatten(), shifts[1].flatten(), ...sums], { axis: 0 });
      },
      merge(total, batch) {
        for (let i = 0; i < outputs; i++) {
          const [old, other] = [centered(total, i), centered(batch, i)];
          const all = old.weight + other.weight;
          if (other.weight === 0) continue;
          const [apartA, apartB] = [other.a - old.a, other.b - old.b];
          const between = (old.weight * other.weight) / all;
          total[at(0, i)] = all;
          total[at(1, i)] = old.a + (apartA * other.weight) / all;
          total[at(2, i)] = old.b + (apartB * other.weight) / all;
          total[at(3, i)] = 0;
          total[at(4, i)] = 0;
          total[at(5, i)] = old.aa + other.aa + apartA * apartA * between;
          total[at(6, i)] = old.bb + other.bb + apartB * apartB * between;
          total[at(7, i)] = old.ab + other.ab + apartA * apartB * between;
        }
      },
      result(total) {
        const scores = Array.from({ length: outputs }, (_, i) => {
          const { weight, a, b, aa, bb, ab } = centered(total, i);
          const part = (sum: number) => (weight > 0 ? sum / weight : 0);
          const score = of({ meanA: a, meanB: b, varA: part(aa), varB: part(bb), covariance: part(ab) });
          return { score, seen: weight > 0 };
        });
        return averageOutputs(scores, average);
      },
    };

    /** Means, and sums of squares and products around them. */
    function centered(statistics: ArrayLike<number>, i: number) {
      const value = (field: number) => statistics[at(field, i)] ?? 0;
      const weight = value(0);
      const [a, b] = weight > 0 ? [value(3) / weight, value(4) / weight] : [0, 0];
      return {
        weight,
        a: value(1) + a,
        b: value(2) + b,
        aa: Math.max(0, value(5) - a * a * weight),
        bb: Math.max(0, value(6) - b * b * weight),
        ab: value(7) - a * b * weight,
      };
    }
  });
}

/** The outputs' scores, or their mean over the outputs that were seen: some places may be padding in all samples. */
export function averageOutputs(
  scores: readonly { readonly score: number; readonly seen: boolean }[],
  average: "uniform" | "none",
): number | number[] {
  if (average === "none") return scores.map(({ score }) => score);
  const seen = scores.filter(({ seen }) => seen);
  const counted = seen.length > 0 ? seen : scores;
  return counted.reduce((sum, { score }) => sum + score, 0) / counted.length;
}
