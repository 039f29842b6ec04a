import { concatenate, ones } from "../../tensor/index.ts";
import { product } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import { aligned } from "../losses/loss.ts";
import { defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

export interface R2Options extends MetricOptions {
  /** "uniform": the mean of the outputs' scores, the default (scikit-learn, Keras); "none": a list. */
  average?: "uniform" | "none";
}

/**
 * 1 - sum (yTrue - yPred)^2 / sum (yTrue - mean)^2, the share of the targets' variance that is explained, for each output;
 * constant targets give 1 when they are met and 0 else (scikit-learn).
 *
 * Statistics: the weight of the batch, then for each output: a value near the mean (the first target), the sum and the
 * sum of squares of the distances from it, and the sum of squared errors. Batches are merged by the formula of Chan, Golub
 * & LeVeque (1979), so that the variance of targets far from zero is not lost in rounding.
 */
export function r2(options: R2Options = {}): MetricDefinition {
  const { average = "uniform" } = options;
  checkWord("r2", "average", average, ["uniform", "none"]);
  return defineMetric("r2", options, ["average"], ({ outputShape }) => {
    const outputs = product(outputShape);
    return {
      size: 1 + 4 * outputs,
      statistics(yTrue, yPred, sampleWeight) {
        const batch = yPred.shape[0] ?? 1;
        const y = aligned(yTrue, yPred, "r2").reshape([batch, outputs]);
        const shift = y.slice([0, 1]); // [1, outputs]
        const weights = sampleWeight ? sampleWeight.reshape([batch, 1]) : ones([batch, 1]);
        const distance = y.sub(shift);
        const error = y.sub(yPred.reshape([batch, outputs]));
        const sums = [distance, distance.square(), error.square()].map((x) => x.mul(weights).sum({ axis: 0 }));
        return concatenate([weights.sum().reshape([1]), shift.flatten(), ...sums], { axis: 0 });
      },
      merge(total, batch) {
        const weight = total[0] ?? 0;
        const added = batch[0] ?? 0;
        if (added === 0) return;
        total[0] = weight + added;
        for (let i = 0; i < outputs; i++) {
          const a = moments(total, i, outputs);
          const b = moments(batch, i, outputs);
          const apart = b.mean - a.mean;
          total[1 + i] = a.mean + (apart * added) / (weight + added);
          total[1 + 2 * outputs + i] = a.squares + b.squares + (apart * apart * weight * added) / (weight + added);
          total[1 + 3 * outputs + i] = a.errors + b.errors;
        }
      },
      result(total) {
        const scores = Array.from({ length: outputs }, (_, i) => {
          const { squares, errors } = moments(total, i, outputs);
          if (squares > 0) return 1 - errors / squares;
          return errors > 0 ? 0 : 1;
        });
        return average === "none" ? scores : scores.reduce((sum, score) => sum + score, 0) / outputs;
      },
    };
  });
}

/** Of one output: mean, sum of squared distances from it, sum of squared errors. A total has 0 as its sum of distances. */
function moments(statistics: ArrayLike<number>, i: number, outputs: number) {
  const weight = statistics[0] || 1;
  const shift = statistics[1 + i] ?? 0;
  const distances = statistics[1 + outputs + i] ?? 0;
  const squares = statistics[1 + 2 * outputs + i] ?? 0;
  const errors = statistics[1 + 3 * outputs + i] ?? 0;
  return { mean: shift + distances / weight, squares: Math.max(0, squares - distances ** 2 / weight), errors };
}
