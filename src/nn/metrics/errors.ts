import { aligned } from "../losses/loss.ts";
import { average, defineMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";

/** The mean of (yTrue - yPred)^2 over all samples and outputs. */
export function meanSquaredError(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("meanSquaredError", options, [], () =>
    average((yTrue, yPred) => aligned(yTrue, yPred, "meanSquaredError").sub(yPred).square()),
  );
}

/** The mean of |yTrue - yPred| over all samples and outputs. */
export function meanAbsoluteError(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("meanAbsoluteError", options, [], () =>
    average((yTrue, yPred) => aligned(yTrue, yPred, "meanAbsoluteError").sub(yPred).abs()),
  );
}
