import {
  buildMetric,
  type Metric,
  type MetricContext,
  type MetricSpec,
  MetricTotal,
  resolveMetric,
} from "../nn/index.ts";
import { concatenate, type Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import { expectClose, type Numbers, type Tolerance } from "./close.ts";
import { checkJob, expectShape, named } from "./compare.ts";
import type { TestEngine } from "./engines.ts";
import type { CheckedJob, Computed } from "./run.ts";

/** One batch of what a metric sees. */
export interface MetricBatch {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  /** [batch] */
  readonly sampleWeight?: Tensor | undefined;
}

/** A metric, the batches of a data set, and what should come out for all of it. */
export interface MetricCase extends Tolerance {
  readonly metric: MetricSpec;
  /** Of any sizes; all with sample weights or all without. */
  readonly batches: readonly MetricBatch[];
  /** What the metric knows of the model's loss. */
  readonly loss?: MetricContext["loss"];
  readonly expected?: Numbers | undefined;
  /** Default: all that work here. */
  readonly engines?: readonly TestEngine[] | undefined;
}

type MetricResult = ReturnType<Metric["result"]>;

/**
 * Everything that must hold for any metric, and the expected number: the data set in batches, in any order, or as one
 * batch, give the same; so does the metric made again from its name and options, and every engine.
 *
 * @returns the metric of the whole data set, of the first engine.
 * @throws DescentError naming engine, quantity and element.
 * @example
 * const batches = [{ yTrue: tensor([[1], [0]]), yPred: tensor([[0.9], [0.8]]) }, { yTrue: tensor([[1]]), yPred: tensor([[0.2]]) }];
 * await metricCase({ metric: "precision", batches, expected: 0.5 });
 */
export function metricCase(given: MetricCase): Promise<MetricResult> {
  return checkJob(metricJob(given), given.engines, (other, first) => expectClose(other, first, given));
}

/** The part of {@link metricCase} that runs on an engine; several may run together. */
export function metricJob(given: MetricCase): CheckedJob<MetricResult> {
  const { batches, loss } = given;
  const [first] = batches;
  if (!first) fail("metricCase got no batches", "at least one");
  const context = {
    outputShape: first.yPred.shape.slice(1),
    targetShape: first.yTrue.shape.slice(1),
    ...(loss && { loss }),
  };
  const metric = buildMetric(given.metric, context);
  const { kind, options } = resolveMetric(given.metric);
  const again = kind === "custom" ? metric : buildMetric({ kind, ...options } as MetricSpec, context);
  const keys = ["yTrue", "yPred", ...(first.sampleWeight ? (["sampleWeight"] as const) : [])] as const;

  return {
    inputs: Object.fromEntries(batches.flatMap((batch, i) => keys.map((key) => [`${key}${i}`, batch[key] as Tensor]))),
    body(given) {
      const parts = keys.map((key) => batches.map((_, i) => given[`${key}${i}`] as Tensor));
      const statistics = (of: Metric, [yTrue, yPred, sampleWeight]: (Tensor | undefined)[]) =>
        of.statistics(yTrue as Tensor, yPred as Tensor, sampleWeight);
      const ofBatch = (of: Metric, i: number) =>
        statistics(
          of,
          parts.map((part) => part[i]),
        );
      return {
        ...Object.fromEntries(
          batches.flatMap((_, i) => [
            [`batch${i}`, ofBatch(metric, i)],
            [`again${i}`, ofBatch(again, i)],
          ]),
        ),
        whole: statistics(
          metric,
          parts.map((part) => concatenate(part, { axis: 0 })),
        ),
      };
    },
    check(results) {
      const merged = (of: Metric, names: readonly string[]): Numbers => {
        const total = new MetricTotal(of);
        for (const name of names) {
          const { shape, data } = results[name] as Computed;
          const rows = of.collects ? Math.ceil(data.length / of.size) : 1;
          expectShape(`statistics of ${kind}`, shape, [rows * of.size]);
          total.add(data);
        }
        return total.result();
      };
      const names = batches.map((_, i) => `batch${i}`);
      const result = merged(metric, names);
      const { rtol, atol = 1e-7 } = given;
      const check = (what: string, other: Numbers, wanted = result) =>
        named(what, () => expectClose(other, wanted, { rtol, atol }));
      if (given.expected !== undefined) check(kind, result, given.expected);
      check("the batches in reverse order", merged(metric, names.toReversed()));
      check("all data as one batch", merged(metric, ["whole"]));
      check(
        "the metric made again from its name and options",
        merged(
          again,
          batches.map((_, i) => `again${i}`),
        ),
      );
      return result as MetricResult;
    },
  };
}
