import { type Flow, type Metric, MetricTotal, reduceLoss } from "../nn/index.ts";
import { full, inScope, stack, type Tensor, type TypedArray, zeros } from "../tensor/index.ts";
import { fail, type Shape } from "../util/index.ts";
import type { Head } from "./objective.ts";
import type { Logs } from "./values.ts";

/** A metric of one output. */
interface Gauge {
  readonly name: string;
  readonly head: number;
  readonly weighted: boolean;
  readonly metric: Metric;
}

/** Makes a share of the batch's loss of the sum of a part's losses. */
type LossCount = (sum: Tensor) => Tensor;

/** What a network gave for a batch: see `Network.forward`. */
type Answer = Pick<Flow, "outputs" | "masks" | "losses">;

/** A batch of which parts are measured. */
export interface Whole {
  readonly counts: readonly LossCount[];
  readonly size: number;
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

  /** Refuses class numbers as targets of a batch whose samples are mixed. */
  checkMixed(): void {
    const { loss } = this.heads.find(({ loss }) => loss.targets === "classes") ?? {};
    if (!loss) return;
    fail(
      `augment mixes targets, which ${loss.kind} wants as class numbers`,
      "one-hot rows",
      'oneHot(y) of "descent/data", and the loss "categoricalCrossentropy"',
    );
  }

  get lossKinds(): string[] {
    return this.heads.map(({ loss }) => loss.kind);
  }

  /**
   * The loss of a batch, to be differentiated: the weighted sum of the heads' losses, each by its reduction, and what layers
   * and regularizers add; and the outputs from which {@link Totals} reads the batch's part of the exact loss of all data.
   *
   * @param answer what the network gave: padded places of its outputs count neither in losses nor in metrics.
   * @param weights float32 [batch], or undefined for equal weights.
   * @param whole when the samples are a part of a batch: the loss is then the part's share of the batch's.
   */
  measure(
    targets: readonly Tensor[],
    answer: Answer,
    weights: Tensor | undefined,
    whole?: Whole | undefined,
  ): { loss: Tensor; outputs: Record<string, Tensor> } {
    const said = this.heads.map(({ output }) => answer.outputs[output] as Tensor);
    const masks = this.heads.map(({ output }) => answer.masks[output]);
    const parts = this.heads.map(({ loss, name }, h) =>
      reduceLoss(loss, targets[h] as Tensor, said[h] as Tensor, weights, masks[h], name),
    );
    const each = parts.map(({ sum, loss }, h) => (whole ? (whole.counts[h] as LossCount)(sum) : loss));
    const weighted = each.map((loss, h) => timesNumber(loss, (this.heads[h] as Head).weight));
    const terms = this.terms.map((term) => answer.losses[term] ?? zeros([]));
    const batch = said[0]?.shape[0] ?? 1;
    const shares = whole ? terms.map((term) => term.mul(batch / whole.size)) : terms;
    const loss = [...weighted, ...shares].reduce((a, b) => a.add(b));
    const sums = [
      ...parts.flatMap(({ sum, count }) => [sum, count]),
      ...terms.flatMap((term) => [term.mul(batch), full([], batch)]), // counted by the sample
    ];
    const outputs: Record<string, Tensor> = { losses: stack([loss, ...sums]) };
    this.gauges.forEach(({ metric, head, weighted }, i) => {
      const given = counting(weighted ? weights : undefined, masks[head]);
      const measured = () => metric.statistics(targets[head] as Tensor, said[head] as Tensor, given);
      outputs[`metric${i}`] = inScope("metrics", measured);
    });
    return { loss, outputs };
  }

  /** What measuring a part of a batch needs to know of the whole: what the losses' sums are divided by. */
  wholeOf(targets: readonly Tensor[], weights: Tensor | undefined, size: number): Whole {
    const masks = this.heads.map(() => undefined);
    const counts = this.sumsOf(targets, weights, size, masks).map(({ count, known }): LossCount => {
      return (sum) => sum.div(known ?? positive(count));
    });
    return { counts, size };
  }

  /** The same where places may be padding, from the sum of what {@link countsOf} gives for all parts. */
  wholeFrom(counts: Tensor, size: number): Whole {
    const each = this.heads.map(({ loss }, h): LossCount => {
      return (sum) => (loss.options["reduction"] === "sum" ? sum : sum.div(positive(counts.slice(h))));
    });
    return { counts: each, size };
  }

  /** What the losses' sums of a part of a batch count, [heads]. */
  countsOf(targets: readonly Tensor[], weights: Tensor | undefined, size: number, masks: Answer["masks"]): Tensor {
    const own = this.heads.map(({ output }) => masks[output]);
    return stack(this.sumsOf(targets, weights, size, own).map(({ count }) => count));
  }

  /** Losses of any predictions: their counts depend on targets, weights and padding alone. */
  private sumsOf(targets: readonly Tensor[], weights: Tensor | undefined, size: number, masks: Answer["masks"]) {
    return this.heads.map(({ loss, outputShape, name }, h) =>
      reduceLoss(loss, targets[h] as Tensor, zeros([size, ...outputShape]), weights, masks[h], name),
    );
  }

  /** Refuses losses for which a part of a batch is another batch. */
  checkUncoupled(): void {
    const { loss } = this.heads.find(({ loss }) => loss.coupled) ?? {};
    if (!loss) return;
    fail(
      `fit got accumulate for ${loss.kind}, which looks at the samples of a batch together`,
      "a loss of each sample by itself",
      "leave accumulate out",
    );
  }

  /** The loss of a batch, of all its parts. */
  lossIn(losses: TypedArray): number {
    const row = 1 + 2 * (this.heads.length + this.terms.length);
    let loss = 0;
    for (let start = 0; start < losses.length; start += row) loss += losses[start] as number;
    return loss;
  }

  /** The arrays of a bound program's outputs, in the order that {@link Totals.add} wants. */
  arraysOf(outputs: Readonly<Record<string, TypedArray>>): TypedArray[] {
    return ["losses", ...this.gauges.map((_, i) => `metric${i}`)].map((name) => outputs[name] as TypedArray);
  }

  totals(): Totals {
    return new Totals(
      this.names,
      this.heads,
      this.terms.length,
      this.gauges.map(({ metric }) => metric),
    );
  }
}

/** The sums of {@link Totals} as plain numbers. */
export interface TotalsState {
  readonly losses: readonly number[];
  readonly statistics: readonly (readonly number[])[];
}

/** Sums over batches in float64: the values of a whole data set, exact however it was cut. */
export class Totals {
  /** Of each head, then of each term: the sum of its losses, and their count. */
  private readonly losses: Float64Array;
  private readonly measured: readonly MetricTotal[];

  constructor(
    private readonly names: readonly string[],
    private readonly heads: readonly Head[],
    /** How many terms are added to the heads' losses. */
    terms: number,
    metrics: readonly Metric[],
  ) {
    this.losses = new Float64Array(2 * (heads.length + terms));
    this.measured = metrics.map((metric) => new MetricTotal(metric));
  }

  reset(): void {
    this.losses.fill(0);
    for (const total of this.measured) total.reset();
  }

  /** Adds a batch; called after every step, so it allocates nothing, but for metrics that collect. */
  add(arrays: readonly TypedArray[]): void {
    const losses = arrays[0] as TypedArray;
    for (let part = 1; part < losses.length; part += this.losses.length + 1) {
      for (let i = 0; i < this.losses.length; i++) {
        this.losses[i] = (this.losses[i] as number) + (losses[part + i] as number);
      }
    }
    for (let m = 0; m < this.measured.length; m++) (this.measured[m] as MetricTotal).add(arrays[m + 1] as TypedArray);
  }

  /** The sums themselves, copied; {@link Totals.restore} takes them. */
  sums(): TotalsState {
    return { losses: [...this.losses], statistics: this.measured.map(({ statistics }) => [...statistics]) };
  }

  restore({ losses, statistics }: TotalsState): void {
    this.reset();
    this.losses.set(losses);
    this.measured.forEach((total, m) => {
      total.add(Float64Array.from(statistics[m] ?? []));
    });
  }

  /** Loss and metrics over everything added. */
  logs(): Logs {
    const each = this.heads.map(({ loss }, h) => this.lossAt(h, loss.options["reduction"] === "sum"));
    const terms = Array.from({ length: this.losses.length / 2 - each.length }, (_, i) => this.lossAt(each.length + i));
    const weighted = each.map((value, h) => value * (this.heads[h] as Head).weight);
    const loss = [...weighted, ...terms].reduce((total, value) => total + value, 0);
    const losses = each.length > 1 ? [loss, ...each, ...terms] : [loss, ...terms];
    const measured = this.measured.map((total) => total.result());
    return Object.fromEntries([...losses, ...measured].map((value, i) => [this.names[i] as string, value]));
  }

  /** The mean of what was added up at a place, or its sum. */
  private lossAt(place: number, summed = false): number {
    const [sum = 0, count = 0] = this.losses.subarray(2 * place);
    if (summed) return sum;
    return count > 0 ? sum / count : 0;
  }
}

/** What a metric counts: a weight for each sample, or each place. */
function counting(weights: Tensor | undefined, mask: Tensor | undefined): Tensor | undefined {
  if (!mask) return weights;
  const places = mask.cast("float32"); // [batch, ...]
  return weights ? places.mul(weights.reshape([-1, ...places.shape.slice(1).map(() => 1)])) : places;
}

function positive(count: Tensor): Tensor {
  return count.greater(0).where(count, 1);
}

function timesNumber(x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : x.mul(factor);
}
