import type { MetricDefinition } from "./metric.ts";
import { momentMetric, type PerOutputOptions } from "./moments.ts";

/**
 * 1 - sum (yTrue - yPred)^2 / sum (yTrue - mean)^2, the share of the targets' variance that is explained, for each output;
 * constant targets give 1 when they are met and 0 else (scikit-learn).
 */
export function r2(options: PerOutputOptions = {}): MetricDefinition {
  return momentMetric(
    "r2",
    options,
    (y, p) => [y, y.sub(p)],
    ({ varA, meanB, varB }) => {
      const errors = meanB * meanB + varB;
      if (varA > 0) return 1 - errors / varA;
      return errors > 0 ? 0 : 1;
    },
  );
}
