import { concatenate, type Tensor } from "../../tensor/index.ts";
import { product } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import { aligned } from "../losses/loss.ts";
import { defineMetric, type MetricDefinition, type MetricOptions, rowWeights } from "./metric.ts";

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
 * A metric from the first and second moments of two numbers per output. Statistics: the weight; then for each output a value near each
 * mean, the sums of distances from it, their squares and their product. Batches merge by the formula of Chan, Golub & LeVeque (1979), so
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
    const at = (field: number, i: number) => 1 + field * outputs + i;
    return {
      size: 1 + 7 * outputs,
      statistics(yTrue, yPred, sampleWeight) {
        const batch = yPred.shape[0] ?? 1;
        const weights = rowWeights(batch, 1, sampleWeight);
        const [a, b] = pair(aligned(yTrue, yPred, kind).reshape([batch, outputs]), yPred.reshape([batch, outputs])) as [
          Tensor,
          Tensor,
        ];
        const shifts = [a.slice([0, 1]), b.slice([0, 1])] as const;
        const [da, db] = [a.sub(shifts[0]), b.sub(shifts[1])];
        const sums = [da, db, da.square(), db.square(), da.mul(db)].map((x) => x.mul(weights).sum({ axis: 0 }));
        return concatenate([weights.sum().reshape([1]), shifts[0].flatten(), shifts[1].flatten(), ...sums], {
          axis: 0,
        });
      },
      merge(total, batch) {
        const weight = total[0] ?? 0;
        const added = batch[0] ?? 0;
        if (added === 0) return;
        const all = weight + added;
        total[0] = all;
        for (let i = 0; i < outputs; i++) {
          const [old, other] = [centered(total, weight, i), centered(batch, added, i)];
          const [apartA, apartB] = [other.a - old.a, other.b - old.b];
          const between = (weight * added) / all;
          total[at(0, i)] = old.a + (apartA * added) / all;
          total[at(1, i)] = old.b + (apartB * added) / all;
          total[at(2, i)] = 0;
          total[at(3, i)] = 0;
          total[at(4, i)] = old.aa + other.aa + apartA * apartA * between;
          total[at(5, i)] = old.bb + other.bb + apartB * apartB * between;
          total[at(6, i)] = old.ab + other.ab + apartA * apartB * between;
        }
      },
      result(total) {
        const weight = total[0] ?? 0;
        const scores = Array.from({ length: outputs }, (_, i) => {
          const { a, b, aa, bb, ab } = centered(total, weight, i);
          const part = (sum: number) => (weight > 0 ? sum / weight : 0);
          return of({ meanA: a, meanB: b, varA: part(aa), varB: part(bb), covariance: part(ab) });
        });
        return average === "none" ? scores : scores.reduce((sum, score) => sum + score, 0) / outputs;
      },
    };

    /** Means, and sums of squares and products around them. */
    function centered(statistics: ArrayLike<number>, weight: number, i: number) {
      const value = (field: number) => statistics[at(field, i)] ?? 0;
      const [a, b] = weight > 0 ? [value(2) / weight, value(3) / weight] : [0, 0];
      return {
        a: value(0) + a,
        b: value(1) + b,
        aa: Math.max(0, value(4) - a * a * weight),
        bb: Math.max(0, value(5) - b * b * weight),
        ab: value(6) - a * b * weight,
      };
    }
  });
}
