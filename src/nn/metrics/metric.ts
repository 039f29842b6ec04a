import { full, ones, stack, type Tensor, type TypedArray, where } from "../../tensor/index.ts";
import { checkOptions, fail, type Shape, show } from "../../util/index.ts";
import type { Elements, Loss } from "../losses/loss.ts";

/** What a metric may know of the model that it measures; shapes without the batch. */
export interface MetricContext {
  readonly outputShape: Shape;
  readonly targetShape: Shape;
  /** The loss of that output: tells logits from probabilities, and several labels from several classes. */
  readonly loss?: Loss;
}

/**
 * A metric, exact over a whole data set: each batch gives statistics, computed in the graph; the host merges them in float64
 * and computes the result from the total. They are either sufficient statistics, a fixed number of values that add up, or,
 * where no such exist (ranks, areas under curves), a row of numbers per sample that is collected.
 */
export interface Metric {
  readonly name: string;
  /** Number of statistics, or of a sample's where they are collected. */
  readonly size: number;
  /** True when the rows of all samples are kept: 8 bytes for each of their numbers. */
  readonly collects?: boolean;
  /**
   * yTrue and yPred [batch, ...], sampleWeight [batch], or [batch, places] where some of a sequence's places are padding and count 0 ->
   * [size], or [rows size] where rows are collected.
   */
  statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): Tensor;
  /** Merges a batch's statistics, or another total, into the total, which begins with zeros; default: adds them. */
  merge?(total: Float64Array, batch: ArrayLike<number>): void;
  result(total: Float64Array): number | number[] | number[][];
}

/** The statistics of what has been seen of a data set; totals of its parts merge into the total of all. */
export class MetricTotal {
  private values: Float64Array;
  private used: number;

  constructor(private readonly metric: Metric) {
    this.values = new Float64Array(metric.collects ? 0 : metric.size);
    this.used = this.values.length;
  }

  /** What `add` of another total takes. */
  get statistics(): Float64Array {
    return this.values.subarray(0, this.used);
  }

  /** Adds the statistics of a batch, of several one after the other, or of another total. */
  add(statistics: TypedArray | Float64Array): void {
    const { metric, values } = this;
    const { length } = statistics;
    if (metric.collects) this.append(statistics);
    else if (metric.merge) {
      for (let at = 0; at < length; at += metric.size) metric.merge(values, statistics.subarray(at, at + metric.size));
    } else {
      for (let at = 0; at < length; at += metric.size) {
        for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + (statistics[at + i] as number);
      }
    }
  }

  reset(): void {
    this.values.fill(0);
    if (this.metric.collects) this.used = 0;
  }

  result(): ReturnType<Metric["result"]> {
    return this.metric.result(this.statistics);
  }

  private append(rows: ArrayLike<number>): void {
    const end = this.used + rows.length;
    if (end > this.values.length) {
      const larger = new Float64Array(Math.max(end, 2 * this.values.length));
      larger.set(this.statistics);
      this.values = larger;
    }
    this.values.set(rows, this.used);
    this.used = end;
  }
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
  if (options.name !== undefined && (typeof options.name !== "string" || options.name === "")) {
    fail(`${kind} got name = ${show(options.name)}`, "a word");
  }
  const { name = kind } = options;
  return { kind, name, options: { ...options }, build: (context) => ({ ...build(context), name }) };
}

/** The mean of `values` [batch, ...] over all samples and places, as the statistics [weighted sum, weighted count]. */
export function average(
  values: (yTrue: Tensor, yPred: Tensor) => Tensor | Elements,
  finish: (mean: number) => number = (mean) => mean,
): Omit<Metric, "name"> {
  return {
    size: 2,
    statistics(yTrue, yPred, sampleWeight) {
      const batch = yPred.shape[0] ?? 1;
      const given = values(yTrue, yPred);
      const { losses, counted } = "losses" in given ? given : { losses: given, counted: undefined };
      const found = losses.cast("float32");
      const every = found.rank > 0 ? found : found.broadcastTo([batch]); // a custom function may give one mean
      const perSample = (x: Tensor) => x.reshape([batch, x.size / batch]).sum({ axis: 1 }); // [batch]
      const sums = perSample(counted ? where(counted, every, 0) : every);
      if (sampleWeight && sampleWeight.rank > 1) {
        const weights = placeWeights(batch, every.size / batch, sampleWeight).reshape([...every.shape]);
        const counts = counted ? where(counted, weights, 0) : weights;
        return stack([where(counts.greater(0), every, 0).mul(counts).sum(), counts.sum()]);
      }
      if (counted) {
        const counts = perSample(counted.cast("float32"));
        return stack([sums, counts].map((x) => (sampleWeight ? x.mul(sampleWeight) : x).sum()));
      }
      if (!sampleWeight) return stack([sums.sum(), full([], every.size)]);
      return stack([sums.mul(sampleWeight).sum(), sampleWeight.sum().mul(every.size / batch)]);
    },
    result: ([sum = 0, count = 0]) => (count > 0 ? finish(sum / count) : 0),
  };
}

/** What each row counts, [rows, 1]: the weight of its sample or place, `places` rows of a sample after each other. */
export function rowWeights(batch: number, places: number, sampleWeight: Tensor | undefined): Tensor {
  if (!sampleWeight) return ones([batch * places, 1]);
  return placeWeights(batch, places, sampleWeight).reshape([-1, 1]);
}

/**
 * What each of a sample's numbers counts, [batch, numbers], from weights [batch] or [batch, places]: those of one place after each other.
 *
 * @throws DescentError when there are not as many for every place.
 */
export function placeWeights(batch: number, numbers: number, sampleWeight: Tensor | undefined): Tensor {
  if (!sampleWeight) return ones([batch, numbers]);
  const places = sampleWeight.size / batch;
  if (numbers % places !== 0) {
    fail(
      `a metric gives ${numbers} numbers for a sample of ${places} places, some of which are padding`,
      "a number for each place, so that padding can be left out",
    );
  }
  const each = sampleWeight.reshape([batch, places, 1]);
  return each.broadcastTo([batch, places, numbers / places]).reshape([batch, numbers]);
}
