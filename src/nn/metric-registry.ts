import { givenTensor, type Tensor } from "../tensor/index.ts";
import { fail, formatShape } from "../util/index.ts";
import * as metrics from "./metrics/index.ts";
import { average, type Metric, type MetricContext, type MetricDefinition } from "./metrics/metric.ts";
import { FactoryRegistry } from "./registry.ts";
import { type Json, madeToJson } from "./serialize.ts";

type Factories = typeof metrics;

export type MetricName = keyof Factories;

/** A name with options, such as { kind: "f1", average: "macro" }. */
export type MetricConfig = {
  [K in MetricName]: Factories[K] extends (options?: infer Options) => MetricDefinition ? { kind: K } & Options : never;
}[MetricName];

/** Any function of targets and predictions: a value per sample, [batch], or one mean; its mean over the data is taken. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** What `metrics` in compile accepts: names, names with options, metrics.f1({...}), or functions of tensors. */
export type MetricSpec = MetricName | MetricConfig | MetricDefinition | MetricFunction;

export const metricRegistry = new FactoryRegistry<MetricDefinition, MetricFunction>(
  "metric",
  metrics,
  (metric, kind) => {
    const name = kind === "custom" ? metric.name || kind : kind;
    const values = (yTrue: Tensor, yPred: Tensor) => {
      const found = givenTensor(metric(yTrue, yPred), `the metric ${name}`);
      const [batch = 1] = yPred.shape;
      if (found.rank === 0 || found.shape[0] === batch) return found;
      return fail(
        `the metric ${name} gives ${formatShape(found.shape)}`,
        `[${batch}], a number per sample, or one number`,
      );
    };
    return { kind, name, options: {}, build: () => ({ ...average(values), name }) };
  },
);

/** The built-in metrics' names. */
export const metricNames: readonly MetricName[] = metricRegistry.names as MetricName[];

/**
 * The metric that an option stands for.
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options of it.
 */
export function resolveMetric(spec: MetricSpec): MetricDefinition {
  return metricRegistry.resolve(spec);
}

/**
 * The metric that an option stands for, made for the outputs of a model.
 *
 * @example
 * const accuracy = buildMetric("accuracy", { outputShape: [2], targetShape: [] });
 * const total = new MetricTotal(accuracy);
 * total.add(await accuracy.statistics(tensor([1, 0]), tensor([[0.2, 0.8], [0.4, 0.6]])).data());
 * console.log(total.result()); // 0.5
 */
export function buildMetric(spec: MetricSpec, context: MetricContext): Metric {
  return resolveMetric(spec).build(context);
}

/**
 * Names a custom metric, so that models compiled with it can be saved and loaded; returns it.
 *
 * @example
 * const bias = registerMetric("bias", (yTrue, yPred) => yPred.sub(yTrue).mean({ axis: -1 }));
 */
export function registerMetric(name: string, metric: MetricFunction): MetricFunction {
  metricRegistry.register(name, metric);
  return metric;
}

/**
 * A metric as JSON: its name and options, which `resolveMetric` takes.
 *
 * @throws DescentError for a custom function that has no registered name.
 */
export function metricToJson(metric: MetricDefinition): { readonly kind: string; readonly [name: string]: Json } {
  return madeToJson(metric, metricRegistry, "registerMetric");
}
