import type { Dataset } from "../data/index.ts";
import { type Augment, type AugmentSpec, augmentOf } from "../nn/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import type { Callback } from "./callback.ts";
import { type CheckpointOptions, type CheckpointSettings, checkpointSettings } from "./checkpoint/options.ts";
import type { ArrayData } from "./column.ts";
import type { Data } from "./dataset.ts";
import { checkCallback } from "./events.ts";
import { type ProfileOptions, type ProfileSettings, profileSettings } from "./profile/options.ts";
import type { Verbosity } from "./progress.ts";
import type { StopWhen } from "./stop.ts";
import type { Terminal } from "./terminal.ts";
import type { ClassWeight } from "./weighting.ts";

/** Data measured after every epoch. */
export interface ValidationData {
  readonly x: Data;
  readonly y: Data;
  readonly sampleWeight?: ArrayData | undefined;
}

/** How to train. */
export interface FitOptions {
  /** Times that all samples are seen; default 1 (Keras). */
  epochs?: number | undefined;
  /** Samples per update; default 32 (Keras), or all of them for `gradientDescent`. The last batch may be smaller. */
  batchSize?: number | undefined;
  /**
   * Updates of an epoch, for a dataset: epochs follow each other in the stream of samples, pass after pass, instead of beginning one each. What
   * a dataset without an end needs. Default: an epoch is a pass over the data (Keras).
   */
  stepsPerEpoch?: number | undefined;
  /**
   * Steps that the engine does in one call, without coming back to JavaScript between them (Keras's steps_per_execution); the last call of an epoch
   * may do fewer. Results are the same, bit for bit. Callbacks hear of the steps after the call, in their order: then the weights have gone on,
   * and a stop, a change of the learning rate or Ctrl-C comes into force after the call. Batches of a dataset are run one by one, and so
   * are steps of a profile. Default: as many as take 8 ms, on the native engine; one where a callback has `onStepEnd` without `lateSteps`. A
   * checkpoint of so many steps is always taken after just these.
   */
  stepsPerCall?: number | undefined;
  /** Stops when all are reached, such as { loss: 0.01 } or { valAccuracy: 0.99 }. Default none. */
  stopWhen?: StopWhen | undefined;
  /** The last part of the data, kept for validation, such as 0.2; default 0. */
  validationSplit?: number | undefined;
  /** Other data for validation: { x, y }, [x, y] or a dataset. Default none. */
  validationData?: ValidationData | readonly [x: Data, y: Data] | Dataset | undefined;
  /** Default: batches of even size, 256 at most; changes no result but rounding. */
  validationBatchSize?: number | undefined;
  /** What the samples of each class count; default 1. The loss is sum(weight * loss) / samples, as in Keras. */
  classWeight?: ClassWeight | undefined;
  /** What each sample counts; default 1. */
  sampleWeight?: ArrayData | undefined;
  /** Draw a new order of the samples for every epoch; default true (Keras). */
  shuffle?: boolean | undefined;
  /**
   * Show all classes equally often: an epoch has as many samples as the data, those of rare classes more than once and of frequent ones not all.
   * Where `classWeight` lets rare samples count more, this shows them more often. Default false.
   */
  balanceClasses?: boolean | undefined;
  /** Seed of shuffling, dropout and augmentation; default 0: a training repeated gives the same numbers, bit for bit. */
  seed?: number | undefined;
  /**
   * Changes batches at random, as part of the training step only: a layer such as `layers.randomFlip()`, one of `augmentations` (which change
   * the targets, too), a function (x, key) => tensor, or a list of these. Default none.
   */
  augment?: AugmentSpec | undefined;
  /**
   * Parts that a batch is cut into: their gradients are added up before the update, so that intermediates take the memory of one part.
   * The result is that of the whole batch but for rounding, and for layers that look at the batch (batch normalization sees each part;
   * dropout draws for each). Default 1.
   */
  accumulate?: number | undefined;
  /**
   * Compute what layers give again in the backward pass instead of keeping it: less memory, more time. A number of segments
   * of the network, of which only the borders are kept, or true for the root of the number of layers. Default false.
   */
  recompute?: boolean | number | undefined;
  /** Default none. */
  callbacks?: readonly Callback[] | undefined;
  /** 0 silent, 1 every epoch, "auto" (default) leaves out lines that follow another within 100 ms. */
  verbose?: Verbosity | undefined;
  /** Where progress is shown; default the standard output. */
  terminal?: Terminal | undefined;
  /** Folder that Ctrl-C saves the model to; default "descent-interrupted-" and the time. */
  saveTo?: string | undefined;
  /**
   * Folder of checkpoints, or how often they are written and how many stay: a training that was killed goes on from the newest with
   * `resume: true`, and ends with the same bits. Default none.
   */
  checkpoint?: string | CheckpointOptions | undefined;
  /** The epoch to begin with, to go on with a schedule of epochs; default 0 (Keras). */
  initialEpoch?: number | undefined;
  /**
   * Measure where the first steps' time goes, kernel by kernel: the answer is `history.profile`. Results stay the same, steps take
   * some 50 ns longer per kernel. Default false.
   */
  profile?: boolean | ProfileOptions | undefined;
}

/** The same with defaults filled in. */
export interface FitSettings extends Omit<FitOptions, "profile" | "augment" | "checkpoint" | "recompute"> {
  readonly augment: Augment | undefined;
  readonly epochs: number;
  readonly batchSize: number | undefined;
  readonly stopWhen: StopWhen;
  readonly validationSplit: number;
  readonly shuffle: boolean;
  readonly balanceClasses: boolean;
  readonly seed: number;
  readonly accumulate: number;
  /** Segments; 0 for none, Infinity stands for the root of the number of layers. */
  readonly recompute: number;
  readonly callbacks: readonly Callback[];
  readonly verbose: Verbosity;
  readonly initialEpoch: number;
  readonly profile: ProfileSettings | undefined;
  readonly checkpoint: CheckpointSettings | undefined;
}

const names: readonly (keyof FitOptions)[] = [
  "epochs",
  "batchSize",
  "stepsPerEpoch",
  "stepsPerCall",
  "stopWhen",
  "validationSplit",
  "validationData",
  "validationBatchSize",
  "classWeight",
  "sampleWeight",
  "shuffle",
  "balanceClasses",
  "seed",
  "augment",
  "accumulate",
  "recompute",
  "callbacks",
  "verbose",
  "terminal",
  "saveTo",
  "checkpoint",
  "initialEpoch",
  "profile",
];

/** @throws DescentError for unknown options (with the nearest known one) and values out of range. */
export function fitSettings(options: FitOptions): FitSettings {
  checkOptions("fit", options, names);
  const settings = {
    ...options,
    epochs: options.epochs ?? 1,
    batchSize: options.batchSize,
    stopWhen: options.stopWhen ?? {},
    validationSplit: options.validationSplit ?? 0,
    shuffle: options.shuffle ?? true,
    balanceClasses: options.balanceClasses ?? false,
    seed: options.seed ?? 0,
    accumulate: options.accumulate ?? 1,
    recompute: segmentsOf(options.recompute),
    callbacks: options.callbacks ?? [],
    augment: options.augment === undefined ? undefined : known(options.augment),
    verbose: options.verbose ?? "auto",
    initialEpoch: options.initialEpoch ?? 0,
    profile: profileSettings(options.profile),
    checkpoint: checkpointSettings(options.checkpoint),
  };
  const { validationSplit, callbacks, verbose } = settings;
  for (const name of ["epochs", "initialEpoch"] as const) checkInteger("fit", name, settings[name], 0);
  for (const name of ["batchSize", "stepsPerEpoch", "stepsPerCall", "validationBatchSize", "accumulate"] as const) {
    checkInteger("fit", name, settings[name] ?? 1, 1);
  }
  checkInteger("fit", "seed", settings.seed, Number.MIN_SAFE_INTEGER);
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    fail(`fit: validationSplit is ${show(validationSplit)}`, "a fraction from 0 to below 1");
  }
  if (validationSplit > 0 && settings.validationData) fail("fit got validationSplit and validationData", "one of them");
  for (const name of ["shuffle", "balanceClasses"] as const) {
    if (typeof settings[name] !== "boolean") fail(`fit: ${name} is ${show(settings[name])}`, "true or false");
  }
  if (settings.balanceClasses && !settings.shuffle) fail("fit got balanceClasses and shuffle: false", "one of them");
  if (!Array.isArray(callbacks)) fail("fit: callbacks is no list", "a list such as [callbacks.earlyStopping()]");
  callbacks.forEach(checkCallback);
  if (verbose !== 0 && verbose !== 1 && verbose !== "auto") fail(`fit: verbose is ${show(verbose)}`, '0, 1 or "auto"');
  return settings;
}

/** What was made of an option before: the same layers again are the same function, which a program is compiled for once. */
const made = new WeakMap<object, Augment>();

function known(spec: AugmentSpec): Augment {
  const augment = made.get(spec) ?? augmentOf(spec);
  if (typeof spec === "object" || typeof spec === "function") made.set(spec, augment);
  return augment;
}

function segmentsOf(recompute: FitOptions["recompute"]): number {
  if (recompute === undefined || recompute === false) return 0;
  if (recompute === true) return Number.POSITIVE_INFINITY;
  checkInteger("fit", "recompute", recompute, 1);
  return recompute;
}

/** Refuses everything but an integer of at least `minimum`. */
export function checkInteger(where: string, name: string, value: unknown, minimum: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= minimum) return;
  const range = minimum > Number.MIN_SAFE_INTEGER ? ` of at least ${minimum}` : "";
  fail(`${where}: ${name} is ${show(value)}`, `an integer${range}`);
}

/** Validation data in one form. */
export function validationFrom(given: NonNullable<FitOptions["validationData"]>): ValidationData | Dataset {
  if (isDataset(given)) return given;
  if (Array.isArray(given)) {
    if (given.length !== 2)
      fail(`fit: validationData is a list of ${given.length}`, "[x, y] or { x, y, sampleWeight }");
    return { x: given[0] as Data, y: given[1] as Data };
  }
  checkOptions("validationData", given, ["x", "y", "sampleWeight"]);
  const { x, y } = given as ValidationData;
  if (x === undefined || y === undefined) fail("fit: validationData lacks x or y", "{ x, y }");
  return given as ValidationData;
}

/** True of what `descent/data` makes to be read piece by piece: by its form, since a program without datasets shall not load them. */
export function isDataset(data: unknown): data is Dataset {
  const { flow, read } = (data ?? {}) as Partial<Dataset>;
  return typeof flow?.open === "function" && typeof read === "function";
}
