import { checkOptions } from "../../util/index.ts";
import { mean, perColumn, variance } from "../statistics.ts";
import { Scaler } from "./scaler.ts";

export interface StandardScalerOptions {
  /** Subtract each column's mean. Default true (scikit-learn's `with_mean`). */
  withMean?: boolean;
  /** Divide by each column's standard deviation. Default true (scikit-learn's `with_std`). */
  withStd?: boolean;
}

/**
 * Scales every column to mean 0 and standard deviation 1: (x - mean) / std, with the population's standard deviation
 * (divided by n), as scikit-learn's StandardScaler. A constant column becomes 0.
 *
 * Learns `mean`, `variance` and `scale` (the divisor).
 *
 * @example
 * const scaler = standardScaler();
 * const train = await scaler.fitTransform([[1, 10], [3, 30]]); // [[-1, -1], [1, 1]]
 * const test = scaler.transform([[2, 40]]); // [[0, 2]]
 */
export function standardScaler(options: StandardScalerOptions = {}): Scaler {
  checkOptions("standardScaler", options, ["withMean", "withStd"]);
  const { withMean = true, withStd = true } = options;
  return new Scaler({
    kind: "standardScaler",
    options: { withMean, withStd },
    fit(matrix) {
      const learned = perColumn(matrix, "standardScaler.fit", (values) => {
        const average = mean(values);
        const spread = variance(values, average);
        return { mean: average, variance: spread, scale: divisor(spread, average, values.length) };
      });
      return {
        mean: learned.map((column) => column.mean),
        variance: learned.map((column) => column.variance),
        scale: learned.map((column) => column.scale),
      };
    },
    affine({ mean: center = [], scale = [] }) {
      return {
        center: center.map((m) => (withMean ? m : 0)),
        factor: scale.map((s) => (withStd ? 1 / s : 1)),
        shift: center.map(() => 0),
      };
    },
  });
}

/** The standard deviation, or 1 for a column whose variance is mere rounding (scikit-learn's `_is_constant_feature`). */
function divisor(spread: number, average: number, count: number): number {
  const rounding = count * Number.EPSILON;
  return spread <= rounding * spread + (rounding * average) ** 2 ? 1 : Math.sqrt(spread);
}
