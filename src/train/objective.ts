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
import { checkEngineName, checkPrecision, type EngineName, type Precision } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import { segmentsOf } from "./flat.ts";
import { type Named, perOutput } from "./named.ts";

/** How a model is trained and measured. */
export interface CompileOptions {
  /** A name ("adam"), `optimizers.adam({...})`, its JSON, or a plain update function. */
  optimizer: OptimizerLike;
  /**
   * A name, `losses.huber({...})`, or a function (yTrue, yPred) => tensor; for several outputs a list (null where there is
   * none), or a record by the outputs' names. An output without a loss is not trained, and has no targets.
   */
  loss: LossSpec | readonly (LossSpec | null)[] | Named<LossSpec>;
  /** What each output's loss counts: a list, or a record by the outputs' names; default 1 for every output. */
  lossWeights?: readonly number[] | Named<number> | undefined;
  /** Measured for every output; a list of lists, or a record by names, measures each output by its own. Default none. */
  metrics?: MetricChoice | undefined;
  /** As `metrics`, but sample and class weights count. Default none. */
  weightedMetrics?: MetricChoice | undefined;
  /** Default "auto": native where there is a C compiler, else reference. The variable DESCENT_ENGINE changes the default. */
  engine?: EngineName | undefined;
  /**
   * What the layers' matrix products and convolutions are computed with, in the forward pass and for gradients. "bfloat16" rounds what they
   * multiply to bfloat16 (8 of 24 bits) and adds up in float32: faster where the processor has AVX512_BF16, rounded alike and no faster elsewhere.
   * Weights, optimizer, losses and all else stay float32 (Micikevicius et al., 2018; Kalamkar et al., 2019). Default "float32".
   */
  precision?: Precision | undefined;
}

/** One list for all outputs, or one list per output, in order or by name. */
export type MetricChoice =
  | readonly MetricSpec[]
  | readonly (readonly MetricSpec[])[]
  | Named<MetricSpec | readonly MetricSpec[]>;

/** What one output is trained and measured by. */
export interface Head {
  /** The output's name, and which of the model's outputs it is. */
  readonly name: string;
  readonly output: number;
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
  readonly precision: Precision;
}

/**
 * Reads compile options.
 *
 * @throws DescentError for unknown options and names (with the nearest known one).
 */
export function objectiveFrom(network: Network, options: CompileOptions): Objective {
  checkOptions("compile", options, [
    "optimizer",
    "loss",
    "lossWeights",
    "metrics",
    "weightedMetrics",
    "engine",
    "precision",
  ]);
  const { outputs } = network;
  if (options.optimizer === undefined) fail("compile got no optimizer", 'one such as "adam"');
  if (options.loss === undefined) fail("compile got no loss", 'one such as "meanSquaredError"');
  if (options.engine !== undefined) checkEngineName(options.engine);
  const { precision = "float32" } = options;
  checkPrecision(precision);
  const names = network.outputNames;
  const losses = perOutput<LossSpec>(options.loss, names, "losses", (given) => isLoss(given, names));
  const weights = weightsPerOutput(options.lossWeights, losses, names);
  const metrics = metricsPerOutput(options.metrics, losses, names, "metrics");
  const weightedMetrics = metricsPerOutput(options.weightedMetrics, losses, names, "weightedMetrics");
  const heads = losses.flatMap((loss, i): Head[] => {
    if (loss === undefined) return [];
    return [
      {
        name: names[i] as string,
        output: i,
        outputShape: outputs[i]?.shape ?? [],
        loss: resolveLoss(loss),
        weight: weights[i] as number,
        metrics: (metrics[i] ?? []).map(resolveMetric),
        weightedMetrics: (weightedMetrics[i] ?? []).map(resolveMetric),
      },
    ];
  });
  if (heads.length === 0) fail("compile got no loss for any output", `one for at least one of ${names.join(", ")}`);
  const optimizer = optimizerFrom(options.optimizer);
  optimizer.check?.(segmentsOf(network));
  return { optimizer, heads, engine: options.engine, precision };
}

type Losses = readonly (LossSpec | undefined)[];

/** True of one loss, false of a list and of a record by names (one of which may be "kind"). */
function isLoss(given: unknown, names: readonly string[]): boolean {
  if (typeof given === "string" || typeof given === "function") return true;
  return isRecord(given) && "kind" in given && !Object.keys(given).every((name) => names.includes(name));
}

function weightsPerOutput(given: CompileOptions["lossWeights"], losses: Losses, names: readonly string[]): number[] {
  const isNone = (weights: unknown) => weights === undefined;
  if (given !== undefined && !isRecord(given) && !Array.isArray(given)) {
    fail(`compile: lossWeights is ${show(given)}`, "numbers for the outputs: { main: 1, aux: 0.3 } or [1, 0.3]");
  }
  const weights = perOutput<number | undefined>(given, names, "lossWeights", isNone);
  return weights.map((weight, i) => {
    const name = names[i] as string;
    if (weight !== undefined && losses[i] === undefined) {
      fail(`compile got a loss weight for ${name}, which has no loss`, "loss weights of outputs that have one");
    }
    if (weight === undefined || Number.isFinite(weight)) return weight ?? 1;
    fail(`compile: lossWeights${Array.isArray(given) ? `[${i}]` : `.${name}`} is ${show(weight)}`, "a number");
  });
}

function metricsPerOutput(
  given: MetricChoice | undefined,
  losses: Losses,
  names: readonly string[],
  what: string,
): readonly (readonly MetricSpec[])[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) && !isRecord(given))
    fail(`compile: ${what} is ${show(given)}`, 'a list such as ["accuracy"]');
  const forAll = Array.isArray(given) && !(given.length > 0 && given.every(Array.isArray));
  if (forAll) return names.map(() => given as readonly MetricSpec[]);
  type Own = MetricSpec | readonly MetricSpec[];
  const each = perOutput<Own>(given as readonly Own[] | Named<Own>, names, `lists of ${what}`, () => false);
  return each.map((own, i) => {
    const list = own === undefined ? [] : Array.isArray(own) ? (own as readonly MetricSpec[]) : [own as MetricSpec];
    if (list.length > 0 && losses[i] === undefined) {
      fail(`compile got ${what} for ${names[i]}, which has no loss`, `a loss for it, if with a loss weight of 0`);
    }
    return list;
  });
}

function isRecord(given: unknown): given is object {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}
