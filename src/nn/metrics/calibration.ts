import { concatenate } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import { decisionOf, probabilitiesOf } from "./decision.ts";
import { average, defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

/**
 * The mean of (p - y)^2 for one unit or several labels; of sum over classes of (p_k - y_k)^2 for classes (Brier, 1950; scikit-learn's
 * brier_score_loss): the squared error of probabilities.
 */
export function brier(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("brier", options, [], (context) => {
    const decision = decisionOf(context, "brier");
    return average((yTrue, yPred) => {
      const p = probabilitiesOf(context, yPred).reshape([-1, decision.classes]);
      const squares = p.sub(decision.truth(yTrue, yPred)).square();
      const each = decision.task === "multiclass" ? squares.sum({ axis: 1 }) : squares;
      return each.reshape([yPred.shape[0] ?? 1, -1]);
    });
  });
}

export interface CalibrationOptions extends MetricOptions {
  /** Equal parts of [0, 1]; default 15 (Guo et al.). */
  bins?: number;
}

/**
 * sum over bins of (samples in it / all) |share that is right - mean confidence|, of the confidence in what was decided (Guo et al.,
 * 2017); for one unit of the probability of "yes" against the share that is.
 */
export function expectedCalibrationError(options: CalibrationOptions = {}): MetricDefinition {
  const { bins = 15 } = options;
  checkCount("expectedCalibrationError", "bins", bins);
  return defineMetric("expectedCalibrationError", options, ["bins"], (context) => {
    const decision = decisionOf(context, "expectedCalibrationError");
    if (decision.task === "multilabel") fail("expectedCalibrationError of several labels", "one class per sample");
    return {
      size: 3 * bins,
      statistics(yTrue, yPred, sampleWeight) {
        const p = probabilitiesOf(context, yPred).reshape([-1, decision.classes]);
        const truth = decision.truth(yTrue, yPred);
        const confidence = decision.task === "binary" ? p : p.max({ axis: 1, keepdims: true });
        const right =
          decision.task === "binary" ? truth : truth.mul(decision.decided(yPred)).sum({ axis: 1, keepdims: true });
        const bin = confidence
          .mul(bins)
          .ceil()
          .sub(1)
          .clip(0, bins - 1)
          .cast("int32");
        const rows = bin
          .flatten()
          .oneHot(bins)
          .mul(decision.weights(yPred.shape[0] ?? 1, sampleWeight));
        const sums = [rows, rows.mul(confidence), rows.mul(right)].map((x) => x.sum({ axis: 0 }));
        return concatenate(sums, { axis: 0 });
      },
      result(total) {
        let [error, all] = [0, 0];
        for (let b = 0; b < bins; b++) {
          error += Math.abs((total[2 * bins + b] as number) - (total[bins + b] as number));
          all += total[b] as number;
        }
        return all > 0 ? error / all : 0;
      },
    };
  });
}
