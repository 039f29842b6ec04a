import { checkOptions, fail } from "../../util/index.ts";
import { perColumn, quantile } from "../statistics.ts";
import { Scaler, safeScale } from "./scaler.ts";

export interface RobustScalerOptions {
  /** Subtract each column's median. Default true (scikit-learn's `with_centering`). */
  withCentering?: boolean;
  /** Divide by the distance between the two quantiles. Default true (scikit-learn's `with_scaling`). */
  withScaling?: boolean;
  /** The two quantiles in percent. Default [25, 75], the interquartile range (scikit-learn's `quantile_range`). */
  quantileRange?: readonly [number, number];
}

/**
 * Scales every column by numbers that outliers hardly move: (x - median) / (75 % quantile - 25 % quantile),
 * as scikit-learn's RobustScaler. A column without spread between the quantiles is only centered.
 *
 * Learns `median` and `scale` (the divisor).
 *
 * @example
 * const scaler = robustScaler();
 * await scaler.fitTransform([[1], [2], [3], [4], [1000]]); // [[-1], [-0.5], [0], [0.5], [498.5]]
 */
export function robustScaler(options: RobustScalerOptions = {}): Scaler {
  checkOptions("robustScaler", options, ["withCentering", "withScaling", "quantileRange"]);
  const { withCentering = true, withScaling = true, quantileRange = [25, 75] } = options;
  const [low, high] = quantileRange;
  if (!(low >= 0 && low < high && high <= 100)) {
    fail(`robustScaler's quantileRange is [${low}, ${high}]`, "two percentages from 0 to 100, the smaller first");
  }
  return new Scaler({
    kind: "robustScaler",
    options: { withCentering, withScaling, quantileRange: [low, high] },
    fit(matrix) {
      const learned = perColumn(matrix, "robustScaler.fit", (values) => {
        const sorted = values.slice().sort();
        return {
          median: quantile(sorted, 0.5),
          scale: safeScale(quantile(sorted, high / 100) - quantile(sorted, low / 100)),
        };
      });
      return { median: learned.map((column) => column.median), scale: learned.map((column) => column.scale) };
    },
    affine({ median = [], scale = [] }) {
      return {
        center: median.map((m) => (withCentering ? m : 0)),
        factor: scale.map((s) => (withScaling ? 1 / s : 1)),
        shift: median.map(() => 0),
      };
    },
  });
}
