import type { AugmentSpec } from "../nn/index.ts";
import type { Schedule } from "../optim/index.ts";
import { checkOptions, DescentError, fail, show } from "../util/index.ts";
import type { Callback } from "./callback.ts";
import type { ArrayData } from "./column.ts";
import { checkInteger, type FitOptions } from "./fit-options.ts";
import { drawCurve } from "./learning-rate-chart.ts";
import { standardTerminal, type Terminal } from "./terminal.ts";
import type { ClassWeight } from "./weighting.ts";

/** Options of `model.findLearningRate`. */
export interface FindLearningRateOptions {
  /** The first rate; default 1e-7 (fastai). */
  from?: number | undefined;
  /** The last rate, unless the loss diverges before; default 10 (fastai). */
  to?: number | undefined;
  /** Steps from one to the other, each rate larger by the same factor; default 100 (fastai). */
  steps?: number | undefined;
  /** Stops when the loss, smoothed, is so many times its lowest; default 4 (fastai). */
  divergence?: number | undefined;
  /** Samples per step, as in `fit`; use the one that you will train with. */
  batchSize?: number | undefined;
  /** As in `fit`; default 0. */
  seed?: number | undefined;
  /** As in `fit`. */
  sampleWeight?: ArrayData | undefined;
  /** As in `fit`. */
  classWeight?: ClassWeight | undefined;
  /** As in `fit`. */
  augment?: AugmentSpec | undefined;
  /** 0 draws nothing; default 1. */
  verbose?: 0 | 1 | undefined;
  /** Where the curve is drawn; default the standard output. */
  terminal?: Terminal | undefined;
}

/** What a learning-rate search found. */
export interface LearningRateCurve {
  /** The rate of each step. */
  readonly rates: readonly number[];
  /** The loss of each step's batch, before its update. */
  readonly losses: readonly number[];
  /** `losses`, smoothed over a tenth of the steps. */
  readonly smoothed: readonly number[];
  /** Where the smoothed loss fell fastest, per factor of the rate; undefined when it did not fall. */
  readonly suggestion: number | undefined;
}

const names = [
  "from",
  "to",
  "steps",
  "divergence",
  "batchSize",
  "seed",
  "sampleWeight",
  "classWeight",
  "augment",
  "verbose",
  "terminal",
] as const satisfies readonly (keyof FindLearningRateOptions)[];

/** Trains a copy of the model: the learning rates are `schedule`'s, the rest of it is in the options of `fit`. */
export type TrainCopy = (schedule: Schedule, options: FitOptions) => Promise<void>;

/**
 * The learning-rate range test (Smith, "Cyclical Learning Rates for Training Neural Networks", 2017): a short training whose rate
 * grows from step to step, on a copy of the model.
 */
export async function searchLearningRate(
  options: FindLearningRateOptions,
  trainCopy: TrainCopy,
): Promise<LearningRateCurve> {
  checkOptions("findLearningRate", options, names);
  const { from = 1e-7, to = 10, steps = 100, divergence = 4, verbose = 1, terminal, ...rest } = options;
  if (!(from > 0 && to > from && Number.isFinite(to))) {
    fail(`findLearningRate: from is ${show(from)}, to is ${show(to)}`, "two positive numbers, the second the greater");
  }
  checkInteger("findLearningRate", "steps", steps, 10);
  if (!(divergence > 1)) fail(`findLearningRate: divergence is ${show(divergence)}`, "a number greater than 1");
  if (verbose !== 0 && verbose !== 1) fail(`findLearningRate: verbose is ${show(verbose)}`, "0 or 1");

  const rateAt = (step: number) => from * (to / from) ** (step / (steps - 1));
  const losses: number[] = [];
  let mean = 0;
  let lowest = Number.POSITIVE_INFINITY;
  const watch: Callback = {
    onStepEnd({ loss, training }) {
      losses.push(loss);
      mean = 0.8 * mean + 0.2 * loss;
      const smooth = mean / (1 - 0.8 ** losses.length);
      lowest = Math.min(lowest, smooth);
      if (losses.length >= steps) training.stop("all rates were tried");
      else if (losses.length > 10 && smooth > lowest + (divergence - 1) * Math.abs(lowest))
        training.stop("it diverged");
    },
  };
  const sweep: Schedule = { kind: "sweep", source: "Smith, 2017", options: {}, at: rateAt };
  try {
    // As many epochs as steps are enough, whatever the batch size: the callback ends it.
    await trainCopy(sweep, { ...rest, epochs: steps, verbose: 0, callbacks: [watch] });
  } catch (error) {
    // A loss that is no number any more ends the search; before the first update, it is the user's to know.
    if (!(error instanceof DescentError) || losses.length === 0) throw error;
  }
  const rates = losses.map((_, step) => rateAt(step));
  const reach = Math.max(1, Math.round(steps / 20));
  const smoothed = smooth(losses, reach);
  const curve = { rates, losses, smoothed, suggestion: steepest(rates, smoothed, reach) };
  if (verbose) {
    const out = terminal ?? standardTerminal();
    out.write(`${drawCurve(curve, out.columns).join("\n")}\n`);
  }
  return curve;
}

/** The mean of each loss and its neighbors, up to `reach` of them on each side. */
function smooth(losses: readonly number[], reach: number): number[] {
  return losses.map((_, i) => {
    const near = losses.slice(Math.max(0, i - reach), i + reach + 1);
    return near.reduce((sum, loss) => sum + loss, 0) / near.length;
  });
}

/**
 * The rate at which the curve falls fastest on its way to the lowest point, measured over `reach` steps on both sides (less
 * would find the noise); undefined when it does not fall.
 */
function steepest(rates: readonly number[], smoothed: readonly number[], reach: number): number | undefined {
  const bottom = smoothed.indexOf(Math.min(...smoothed));
  let best: number | undefined;
  let fastest = 0;
  for (let i = reach; i < Math.min(bottom, smoothed.length - reach); i++) {
    const slope = (smoothed[i + reach] ?? 0) - (smoothed[i - reach] ?? 0);
    if (slope >= fastest) continue;
    fastest = slope;
    best = rates[i];
  }
  return best;
}
