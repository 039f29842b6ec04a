import {
  type Loss,
  type LossSpec,
  type MetricDefinition,
  type MetricSpec,
  type Network,
  resolveLoss,
  resolveMetric,
} from "../nn/index.ts";
import { type Optimizer, type OptimizerLike, optimizerFrom } from "../optim/index.ts";
import { checkEngineName, type EngineName } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import { segmentsOf } from "./flat.ts";
import { pathOf } from "./paths.ts";

/** How a model is trained and measured. */
export interface CompileOptions {
  /** A name ("adam"), `optimizers.adam({...})`, its JSON, or a plain update function. */
  optimizer: OptimizerLike;
  /** A name, `losses.huber({...})`, or a function (yTrue, yPred) => tensor; a list for several outputs. */
  loss: LossSpec | readonly LossSpec[];
  /** What each output's loss counts; default 1 for every output. */
  lossWeights?: readonly number[] | undefined;
  /** Measured for every output; a list of lists measures each output by its own. Default none. */
  metrics?: MetricChoice | undefined;
  /** As `metrics`, but sample and class weights count. Default none. */
  weightedMetrics?: MetricChoice | undefined;
  /** Default "auto": native where there is a C compiler, else reference. The variable DESCENT_ENGINE changes the default. */
  engine?: EngineName | undefined;
}

/** One list for all outputs, or one list per output. */
export type MetricChoice = readonly MetricSpec[] | readonly (readonly MetricSpec[])[];

/** What one output is trained and measured by. */
export interface Head {
  /** The layer that gives the output. */
  readonly name: string;
  readonly outputShape: readonly number[];
  readonly loss: Loss;
  readonly weight: number;
  readonly metrics: readonly MetricDefinition[];
  readonly weightedMetrics: readonly MetricDefinition[];
}

/** A model's compile options, read and checked. */
export interface Objective {
  readonly optimizer: Optimizer;
  readonly heads: readonly Head[];
  readonly engine: EngineName | undefined;
}

/**
 * Reads compile options.
 *
 * @throws DescentError for unknown options and names (with the nearest known one).
 */
export function objectiveFrom(network: Network, options: CompileOptions): Objective {
  checkOptions("compile", options, ["optimizer", "loss", "lossWeights", "metrics", "weightedMetrics", "engine"]);
  const { outputs } = network;
  if (options.optimizer === undefined) fail("compile got no optimizer", 'one such as "adam"');
  if (options.loss === undefined) fail("compile got no loss", 'one such as "meanSquaredError"');
  if (options.engine !== undefined) checkEngineName(options.engine);
  const losses = perOutput(options.loss, outputs.length, "losses");
  const weights = options.lossWeights ?? outputs.map(() => 1);
  if (weights.length !== outputs.length) {
    fail(`compile got ${weights.length} lossWeights`, `one for each of the ${outputs.length} outputs`);
  }
  const metrics = metricsPerOutput(options.metrics, outputs.length, "metrics");
  const weightedMetrics = metricsPerOutput(options.weightedMetrics, outputs.length, "weightedMetrics");
  const heads = outputs.map((output, i): Head => {
    const weight = weights[i] as number;
    if (!Number.isFinite(weight)) fail(`compile: lossWeights[${i}] is ${show(weight)}`, "a number");
    return {
      name: pathOf(network, output),
      outputShape: output.shape,
      loss: resolveLoss(losses[i] as LossSpec),
      weight,
      metrics: (metrics[i] ?? []).map(resolveMetric),
      weightedMetrics: (weightedMetrics[i] ?? []).map(resolveMetric),
    };
  });
  const optimizer = optimizerFrom(options.optimizer);
  optimizer.check?.(segmentsOf(network));
  return { optimizer, heads, engine: options.engine };
}

function perOutput<T>(given: T | readonly T[], outputs: number, what: string): readonly T[] {
  if (!Array.isArray(given)) return Array.from({ length: outputs }, () => given as T);
  if (given.length !== outputs) fail(`compile got ${given.length} ${what}`, `one for each of the ${outputs} outputs`);
  return given;
}

function metricsPerOutput(
  given: MetricChoice | undefined,
  outputs: number,
  what: string,
): readonly (readonly MetricSpec[])[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) fail(`compile: ${what} is ${show(given)}`, 'a list such as ["accuracy"]');
  if (given.length > 0 && given.every(Array.isArray)) {
    return perOutput(given as readonly (readonly MetricSpec[])[], outputs, `lists of ${what}`);
  }
  return Array.from({ length: outputs }, () => given as readonly MetricSpec[]);
}
