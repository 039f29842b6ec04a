import type { Shape } from "../util/index.ts";
import type { BatchLayout, BatchProgram } from "./batch-program.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Feed } from "./feed.ts";
import type { Trainer } from "./trainer.ts";

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
  /**
   * Their batches, and the program for a full one.
   *
   * @param stepsPerCall undefined for as many as may be of use.
   */
  feed(
    programFor: (size: number) => Promise<BatchProgram>,
    stepsPerCall: number | undefined,
  ): Promise<{ feed: Feed; full: BatchProgram }>;
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

/** Keras's. */
export const DEFAULT_BATCH = 32;
