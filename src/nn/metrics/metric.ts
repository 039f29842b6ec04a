import { full, stack, type Tensor } from "../../tensor/index.ts";
import { checkOptions, type Shape } from "../../util/index.ts";
import type { Loss } from "../losses/loss.ts";

/** What a metric may know of the model that it measures; shapes without the batch. */
export interface MetricContext {
  readonly outputShape: Shape;
  readonly targetShape: Shape;
  /** The loss of that output: tells logits from probabilities, and several labels from several classes. */
  readonly loss?: Loss;
}

/**
 * A metric, exact over a whole data set: each batch gives its sufficient statistics, a fixed number of values computed
 * in the graph; the host merges them in float64 and computes the result from the total.
 */
export interface Metric {
  readonly name: string;
  /** Number of statistics. */
  readonly size: number;
  /** yTrue and yPred [batch, ...], sampleWeight [batch] -> [size]. */
  statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): Tensor;
  /** Merges a batch's statistics into the total, which begins with zeros; default: adds them. */
  merge?(total: Float64Array, batch: ArrayLike<number>): void;
  result(total: Float64Array): number | number[] | number[][];
}

/** A metric before it meets a model. */
export interface MetricDefinition {
  readonly kind: string;
  /** Its name in results; default its kind. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** @throws DescentError when the metric can't measure such outputs or targets. */
  build(context: MetricContext): Metric;
}

/** Options that every metric has. */
export interface MetricOptions {
  /** Name in results; default its kind. */
  name?: string;
}

/** A metric from what it measures; options other than `allowed` and `name` are refused. */
export function defineMetric(
  kind: string,
  options: MetricOptions,
  allowed: readonly string[],
  build: (context: MetricContext) => Omit<Metric, "name">,
): MetricDefinition {
  checkOptions(kind, options, [...allowed, "name"]);
  const { name = kind } = options;
  return { kind, name, options: { ...options }, build: (context) => ({ ...build(context), name }) };
}

/** The mean of `values` [batch, ...] over all samples and places, as the statistics [weighted sum, weighted count]. */
export function average(values: (yTrue: Tensor, yPred: Tensor) => Tensor): Omit<Metric, "name"> {
  return {
    size: 2,
    statistics(yTrue, yPred, sampleWeight) {
      const batch = yPred.shape[0] ?? 1;
      const found = values(yTrue, yPred).cast("float32");
      const every = found.rank > 0 ? found : found.broadcastTo([batch]); // a custom function may give one mean
      const places = every.size / batch;
      const sums = every.reshape([batch, places]).sum({ axis: 1 }); // [batch]
      if (!sampleWeight) return stack([sums.sum(), full([], every.size)]);
      return stack([sums.mul(sampleWeight).sum(), sampleWeight.sum().mul(places)]);
    },
    result: ([sum = 0, count = 0]) => (count > 0 ? sum / count : 0),
  };
}
