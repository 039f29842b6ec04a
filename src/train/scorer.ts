import { type Metric, mergeStatistics } from "../nn/index.ts";
import { inScope, stack, type Tensor, type TypedArray, zeros } from "../tensor/index.ts";
import { fail, formatShape, type Shape } from "../util/index.ts";
import type { Head } from "./objective.ts";
import type { Logs } from "./values.ts";

/** A metric of one output. */
interface Gauge {
  readonly name: string;
  readonly head: number;
  readonly weighted: boolean;
  readonly metric: Metric;
}

/** Losses and metrics for targets of given shapes: what a program computes of a batch, and how batches are summed up. */
export class Scorer {
  private readonly gauges: readonly Gauge[];
  /** Names of all values in the logs, in order. */
  readonly names: readonly string[];

  /** @throws DescentError when a metric cannot measure such outputs or targets, or two values have one name. */
  constructor(
    private readonly heads: readonly Head[],
    targetShapes: readonly Shape[],
    /** Names of what layers and regularizers add to the loss. */
    private readonly terms: readonly string[] = [],
  ) {
    const several = heads.length > 1;
    this.gauges = heads.flatMap((head, h) =>
      [...head.metrics.map((m) => [m, false] as const), ...head.weightedMetrics.map((m) => [m, true] as const)].map(
        ([definition, weighted]): Gauge => {
          const { outputShape, loss } = head;
          const metric = definition.build({ outputShape, targetShape: targetShapes[h] ?? [], loss });
          const own =
            weighted && head.metrics.some(({ name }) => name === metric.name) ? `weighted_${metric.name}` : metric.name;
          return { name: several ? `${head.name}_${own}` : own, head: h, weighted, metric };
        },
      ),
    );
    const lossNames = several ? ["loss", ...heads.map(({ name }) => `${name}_loss`)] : ["loss"];
    this.names = [...lossNames, ...terms.map((term) => `${term}_loss`), ...this.gauges.map(({ name }) => name)];
    const twice = this.names.find((name, i) => this.names.indexOf(name) !== i);
    if (twice) fail(`two metrics are named "${twice}"`, "different names", "give one of them the option name");
  }

  get lossKinds(): string[] {
    return this.heads.map(({ loss }) => loss.kind);
  }

  /**
   * The loss of a batch, to be differentiated: the heads' weighted sum of sum(sampleWeight * loss) / batch, as Keras's
   * "sum_over_batch_size", and what layers and regularizers add; and the outputs from which {@link Totals} reads the batch's part of the exact mean.
   *
   * @param weights float32 [batch], or undefined for equal weights.
   */
  measure(
    targets: readonly Tensor[],
    predictions: readonly Tensor[],
    weights: Tensor | undefined,
    added: Readonly<Record<string, Tensor>> = {},
  ): { loss: Tensor; sum: Tensor; outputs: Record<string, Tensor> } {
    const batch = predictions[0]?.shape[0] ?? 1;
    const sums = this.heads.map(({ loss, weight, name }, h) => {
      const sum = lossSum(loss(targets[h] as Tensor, predictions[h] as Tensor), weights, batch, name);
      return { sum, weighted: weight === 1 ? sum : sum.mul(weight) };
    });
    const extra = this.terms.map((term) => (added[term] ?? zeros([])).mul(batch));
    const total = [...sums.map(({ weighted }) => weighted), ...extra].reduce((a, b) => a.add(b));
    const losses = [total, ...(sums.length > 1 ? sums.map(({ sum }) => sum) : []), ...extra];
    const outputs: Record<string, Tensor> = { losses: losses.length > 1 ? stack(losses) : total.reshape([1]) };
    this.gauges.forEach(({ metric, head, weighted }, i) => {
      const given = weighted ? weights : undefined;
      const measured = () => metric.statistics(targets[head] as Tensor, predictions[head] as Tensor, given);
      outputs[`metric${i}`] = inScope("metrics", measured);
    });
    return { loss: total.div(batch), sum: total, outputs };
  }

  /** The arrays of a bound program's outputs, in the order that {@link Totals.add} wants. */
  arraysOf(outputs: Readonly<Record<string, TypedArray>>): TypedArray[] {
    return ["losses", ...this.gauges.map((_, i) => `metric${i}`)].map((name) => outputs[name] as TypedArray);
  }

  totals(): Totals {
    return new Totals(
      this.names,
      (this.heads.length > 1 ? this.heads.length : 0) + this.terms.length,
      this.gauges.map(({ metric }) => metric),
    );
  }
}

/** Sums over batches in float64: the values of a whole data set, exact however it was cut. */
export class Totals {
  private readonly losses: Float64Array;
  private readonly statistics: Float64Array[];
  private samples = 0;

  constructor(
    private readonly names: readonly string[],
    /** Losses beside the total. */
    parts: number,
    private readonly metrics: readonly Metric[],
  ) {
    this.losses = new Float64Array(1 + parts);
    this.statistics = metrics.map(({ size }) => new Float64Array(size));
  }

  reset(): void {
    this.samples = 0;
    this.losses.fill(0);
    for (const statistics of this.statistics) statistics.fill(0);
  }

  /** Adds a batch of `size` samples; called after every step, so it allocates nothing. */
  add(arrays: readonly TypedArray[], size: number): void {
    this.samples += size;
    const losses = arrays[0] as TypedArray;
    for (let i = 0; i < this.losses.length; i++) this.losses[i] = (this.losses[i] as number) + (losses[i] as number);
    for (let m = 0; m < this.metrics.length; m++) {
      mergeStatistics(this.metrics[m] as Metric, this.statistics[m] as Float64Array, arrays[m + 1] as TypedArray);
    }
  }

  /** Loss and metrics over everything added. */
  logs(): Logs {
    const logs: Logs = {};
    const { length } = this.losses;
    this.names.forEach((name, i) => {
      if (i < length) logs[name] = (this.losses[i] as number) / Math.max(this.samples, 1);
      else logs[name] = (this.metrics[i - length] as Metric).result(this.statistics[i - length] as Float64Array);
    });
    return logs;
  }
}

/** sum(weight * loss) over the batch; a scalar from a custom loss is the batch's mean. */
function lossSum(loss: Tensor, weights: Tensor | undefined, batch: number, head: string): Tensor {
  if (loss.rank === 0) {
    if (!weights) return loss.mul(batch);
    fail(
      `the loss of ${head} gives one number for the batch, which sample and class weights cannot weigh`,
      "a loss per sample, [batch]",
      "let the loss end with .mean({ axis: 1 }) instead of .mean()",
    );
  }
  if (loss.rank !== 1 || loss.shape[0] !== batch) {
    fail(`the loss of ${head} gives ${formatShape(loss.shape)}`, `[${batch}], a number per sample, or one number`);
  }
  return weights ? loss.mul(weights).sum() : loss.sum();
}
