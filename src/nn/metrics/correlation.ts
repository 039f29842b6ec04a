import type { Tensor } from "../../tensor/index.ts";
import type { MetricDefinition } from "./metric.ts";
import { momentMetric, type PerOutputOptions } from "./moments.ts";

const both = (y: Tensor, p: Tensor): [Tensor, Tensor] => [y, p];

/**
 * cov(yTrue, yPred) / (std(yTrue) std(yPred)) of each output over all samples, from -1 to 1; 0 when either is constant (Pearson, 1895;
 * SciPy's pearsonr). Keras correlates the outputs of each sample instead.
 */
export function pearsonCorrelation(options: PerOutputOptions = {}): MetricDefinition {
  return momentMetric("pearsonCorrelation", options, both, ({ varA, varB, covariance }) => {
    const scale = Math.sqrt(varA) * Math.sqrt(varB);
    return scale > 0 ? covariance / scale : 0;
  });
}

/**
 * 2 cov(yTrue, yPred) / (var(yTrue) + var(yPred) + (mean(yTrue) - mean(yPred))^2) of each output over all samples (Lin, 1989): how near the
 * points are to the line yPred = yTrue. Keras takes it of the outputs of each sample instead.
 */
export function concordanceCorrelation(options: PerOutputOptions = {}): MetricDefinition {
  return momentMetric("concordanceCorrelation", options, both, ({ meanA, meanB, varA, varB, covariance }) => {
    const scale = varA + varB + (meanA - meanB) ** 2;
    return scale > 0 ? (2 * covariance) / scale : 0;
  });
}

/**
 * 1 - var(yTrue - yPred) / var(yTrue) of each output: as R2, but an error that is always the same is no error (scikit-learn). Constant
 * targets give 1 when the error is constant too, and 0 else.
 */
export function explainedVariance(options: PerOutputOptions = {}): MetricDefinition {
  const pair = (y: Tensor, p: Tensor): [Tensor, Tensor] => [y, y.sub(p)];
  return momentMetric("explainedVariance", options, pair, ({ varA, varB }) => {
    if (varA > 0) return 1 - varB / varA;
    return varB > 0 ? 0 : 1;
  });
}
