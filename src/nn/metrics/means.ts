import { checkOptions } from "../../util/index.ts";
import { cosine } from "../losses/cosine-similarity.ts";
import * as losses from "../losses/index.ts";
import { aligned, type Loss } from "../losses/loss.ts";
import { average, defineMetric, type MetricContext, type MetricDefinition, type MetricOptions } from "./metric.ts";

// Metrics that are means of a loss over all samples and places.

interface LogitsOptions extends MetricOptions {
  /** The predictions are logits; default: as the model's loss takes them. */
  fromLogits?: boolean;
}

export interface CrossentropyMetricOptions extends LogitsOptions {
  /** Moves targets this far towards the uniform distribution; default 0 (Keras). */
  labelSmoothing?: number;
}

export interface SparseCrossentropyMetricOptions extends LogitsOptions {
  /** A label of places that do not count; default none (Keras). */
  ignoreClass?: number;
}

export interface HuberMetricOptions extends MetricOptions {
  /** Where the parabola turns into a line; default 1 (Keras). */
  delta?: number;
}

/** -(y log p + (1 - y) log(1 - p)), the mean over all samples and outputs: the log loss of yes or no (Keras, scikit-learn). */
export function binaryCrossentropy(options: CrossentropyMetricOptions = {}): MetricDefinition {
  return meanOf("binaryCrossentropy", options, ["fromLogits", "labelSmoothing"], losses.binaryCrossentropy);
}

/** -sum over classes of yTrue log p, the mean over all samples: the log loss of classes, one-hot (Keras, scikit-learn). */
export function categoricalCrossentropy(options: CrossentropyMetricOptions = {}): MetricDefinition {
  return meanOf("categoricalCrossentropy", options, ["fromLogits", "labelSmoothing"], losses.categoricalCrossentropy);
}

/** -log p of the true class, a class number; the mean over all samples and places (Keras, scikit-learn's log_loss). */
export function sparseCategoricalCrossentropy(options: SparseCrossentropyMetricOptions = {}): MetricDefinition {
  const allowed = ["fromLogits", "ignoreClass"];
  return meanOf("sparseCategoricalCrossentropy", options, allowed, losses.sparseCategoricalCrossentropy);
}

/**
 * e^(mean of -log p of the true class): how many classes, all alike, would be as hard to guess. Targets are class numbers, of
 * places such as the next words of texts (Jelinek et al., 1977; KerasHub).
 */
export function perplexity(options: SparseCrossentropyMetricOptions = {}): MetricDefinition {
  const allowed = ["fromLogits", "ignoreClass"];
  return meanOf("perplexity", options, allowed, losses.sparseCategoricalCrossentropy, Math.exp);
}

/** The mean of sum over the last axis of yTrue log(yTrue / yPred), distributions both (Keras). */
export function klDivergence(options: MetricOptions = {}): MetricDefinition {
  return meanOf("klDivergence", options, [], losses.klDivergence);
}

/** The mean of yPred - yTrue log(yPred + 1e-7) over all samples and outputs (Keras). */
export function poisson(options: MetricOptions = {}): MetricDefinition {
  return meanOf("poisson", options, [], losses.poisson);
}

/** The mean of (yTrue - yPred)^2 over all samples and outputs (Keras, scikit-learn). */
export function meanSquaredError(options: MetricOptions = {}): MetricDefinition {
  return meanOf("meanSquaredError", options, [], losses.meanSquaredError);
}

/** The root of the mean of (yTrue - yPred)^2 over all samples and outputs (Keras). */
export function rootMeanSquaredError(options: MetricOptions = {}): MetricDefinition {
  return meanOf("rootMeanSquaredError", options, [], losses.meanSquaredError, Math.sqrt);
}

/** The mean of |yTrue - yPred| over all samples and outputs (Keras, scikit-learn). */
export function meanAbsoluteError(options: MetricOptions = {}): MetricDefinition {
  return meanOf("meanAbsoluteError", options, [], losses.meanAbsoluteError);
}

/** The mean of 100 |yTrue - yPred| / max(|yTrue|, 1e-7) over all samples and outputs: in percent (Keras). */
export function meanAbsolutePercentageError(options: MetricOptions = {}): MetricDefinition {
  return meanOf("meanAbsolutePercentageError", options, [], losses.meanAbsolutePercentageError);
}

/** The mean of (log(1 + yTrue) - log(1 + yPred))^2 over all samples and outputs (Keras, scikit-learn). */
export function meanSquaredLogarithmicError(options: MetricOptions = {}): MetricDefinition {
  return meanOf("meanSquaredLogarithmicError", options, [], losses.meanSquaredLogarithmicError);
}

/** The mean of log cosh(yPred - yTrue) over all samples and outputs (Keras's LogCoshError). */
export function logCosh(options: MetricOptions = {}): MetricDefinition {
  return meanOf("logCosh", options, [], losses.logCosh);
}

/** The mean of e^2 / 2 for errors up to delta, delta |e| - delta^2 / 2 beyond, over all samples and outputs (Keras). */
export function huber(options: HuberMetricOptions = {}): MetricDefinition {
  return meanOf("huber", options, ["delta"], losses.huber);
}

/** The mean of max(1 - yTrue yPred, 0) over all samples and outputs; labels -1 and 1, or 0 and 1 (Keras). */
export function hinge(options: MetricOptions = {}): MetricDefinition {
  return meanOf("hinge", options, [], losses.hinge);
}

/** The mean of max(1 - yTrue yPred, 0)^2 over all samples and outputs; labels -1 and 1, or 0 and 1 (Keras). */
export function squaredHinge(options: MetricOptions = {}): MetricDefinition {
  return meanOf("squaredHinge", options, [], losses.squaredHinge);
}

/** The mean of max(1 + greatest score of the other classes - score of the true class, 0), with yTrue one-hot (Keras). */
export function categoricalHinge(options: MetricOptions = {}): MetricDefinition {
  return meanOf("categoricalHinge", options, [], losses.categoricalHinge);
}

/** The mean of (yTrue . yPred) / (|yTrue| |yPred|) over the last axis, from -1 to 1, same direction (Keras). */
export function cosineSimilarity(options: MetricOptions = {}): MetricDefinition {
  return defineMetric("cosineSimilarity", options, [], () =>
    average((yTrue, yPred) => cosine(aligned(yTrue, yPred, "cosineSimilarity"), yPred)),
  );
}

type LossFactory<O> = (options: Omit<O, "name">) => Loss;

/** The mean of a loss of the same options; logits where the model's loss has them. */
function meanOf<O extends MetricOptions>(
  kind: string,
  options: O,
  allowed: readonly string[],
  factory: LossFactory<O>,
  finish?: (mean: number) => number,
): MetricDefinition {
  checkOptions(kind, options, [...allowed, "name"]);
  const { name: _, ...own } = options;
  const loss = factory(own); // its checks speak of the same options
  return defineMetric(kind, options, allowed, (context) => {
    const logits = allowed.includes("fromLogits") && !("fromLogits" in own) && takesLogits(context);
    const { elements } = logits ? factory({ ...own, fromLogits: true }) : loss;
    return average(elements, finish);
  });
}

function takesLogits({ loss }: MetricContext): boolean {
  return loss?.options["fromLogits"] === true;
}
