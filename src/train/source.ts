import type { Network } from "../nn/index.ts";
import type { Shape } from "../util/index.ts";
import { fail } from "../util/index.ts";
import { strataOf } from "./balance.ts";
import { type BatchLayout, type BatchProgram, layoutOf } from "./batch-program.ts";
import { Batches } from "./batches.ts";
import { type CheckedData, cutDataset, type Data, readDataset } from "./dataset.ts";
import { type Evaluation, evaluationBatch, prepareEvaluation } from "./evaluate.ts";
import { ArrayFeed, type Feed } from "./feed.ts";
import { type FitSettings, validationFrom } from "./fit-options.ts";
import type { Head, Objective } from "./objective.ts";
import { programsFor, type Trainer } from "./trainer.ts";

/** Data to train on, checked as far as that goes before training. */
export interface TrainingSource {
  /** Samples of an epoch; undefined while nobody knows. */
  readonly rows: number | undefined;
  /** Samples of a batch. */
  readonly batchSize: number;
  readonly layout: BatchLayout;
  /** Shapes of a sample's targets. */
  readonly targetShapes: readonly Shape[];
  /** Tells these data from others: see `digestOf`. */
  digest(): Promise<string>;
  /** Their batches, and the program for a full one. */
  feed(programFor: (size: number) => Promise<BatchProgram>): Promise<{ feed: Feed; full: BatchProgram }>;
}

/** Data to measure after every epoch. */
export interface ValidationSource {
  /** Zero while nobody knows. */
  readonly rows: number;
  evaluation(trainer: Trainer): Promise<Evaluation>;
}

/** What a fit is given. */
export interface FitSources {
  readonly training: TrainingSource;
  readonly validation: ValidationSource | undefined;
}

/** Arrays in memory, and the last part of them or others for validation. */
export async function arraySources(
  network: Network,
  objective: Objective,
  x: Data,
  y: Data,
  settings: FitSettings,
): Promise<FitSources> {
  const { sampleWeight, classWeight, validationSplit } = settings;
  const all = await readDataset(network, objective.heads, x, y, { sampleWeight, classWeight });
  if (validationSplit === 0) {
    const validation = await validationSource(network, objective.heads, settings);
    return { training: arraySource(all, objective, settings), validation };
  }
  const [training, validation] = cutDataset(all, validationSplit);
  return {
    training: arraySource(training, objective, settings),
    validation: arrayValidation(validation, objective.heads, settings),
  };
}

/** What `validationData` names. */
export async function validationSource(
  network: Network,
  heads: readonly Head[],
  settings: FitSettings,
): Promise<ValidationSource | undefined> {
  const { validationData, validationBatchSize } = settings;
  if (!validationData) return undefined;
  const given = validationFrom(validationData);
  if ("flow" in given) {
    const { streamValidation } = await import("./stream/measure.ts");
    return streamValidation(network, heads, given, validationBatchSize);
  }
  const weighting = { sampleWeight: given.sampleWeight };
  return arrayValidation(
    await readDataset(network, heads, given.x, given.y, weighting, "validation "),
    heads,
    settings,
  );
}

function arraySource(data: CheckedData, objective: Objective, settings: FitSettings): TrainingSource {
  const { rows, inputs, targets, weight } = data;
  const columns = [...inputs, ...targets, ...(weight ? [weight] : [])];
  const batchSize = batchSizeFor(objective, rows, settings.batchSize);
  return {
    rows,
    batchSize,
    layout: layoutOf(inputs, targets, weight),
    targetShapes: targets.map(({ rowShape }) => rowShape),
    digest: async () => (await import("./checkpoint/digest.ts")).digestOf(columns),
    async feed(programFor) {
      const strata = settings.balanceClasses ? strataOf(targets, objective.heads) : undefined;
      const batches = new Batches(columns, rows, batchSize, strata);
      const programs = await programsFor(batches, programFor);
      const feed = new ArrayFeed(batches, programs, settings.shuffle ? settings.seed : undefined);
      return { feed, full: programs.full };
    },
  };
}

function arrayValidation(data: CheckedData, heads: readonly Head[], settings: FitSettings): ValidationSource {
  const { rows } = data;
  const size = settings.validationBatchSize ?? evaluationBatch(rows);
  return { rows, evaluation: (trainer) => prepareEvaluation(trainer, heads, data, size) };
}

function batchSizeFor({ optimizer }: Objective, rows: number, asked: number | undefined): number {
  if (optimizer.fullBatch && asked !== undefined && asked < rows) {
    fail(
      `fit got batchSize ${asked} for ${optimizer.kind}, which uses all ${rows} samples in every step`,
      "no batchSize",
      'leave batchSize out, or train in batches with the optimizer "sgd"',
    );
  }
  return Math.min(rows, optimizer.fullBatch ? rows : (asked ?? DEFAULT_BATCH));
}

/** Keras's. */
export const DEFAULT_BATCH = 32;
