import type { BatchProgram, Series } from "./batch-program.ts";
import type { Batches } from "./batches.ts";
import type { Pace } from "./pace.ts";

/** Where a training stands in its data, beside the epoch: what a checkpoint keeps of a stream. Null for the beginning of an epoch. */
export type FeedPosition = unknown;

/** Gives the loop its batches. */
export interface Feed {
  /** Samples of an epoch; undefined while nobody knows. */
  readonly rows: number | undefined;
  /** Samples of a batch. */
  readonly size: number;
  /** Batches of an epoch; undefined while nobody knows. */
  readonly count: number | undefined;
  /** Epochs go on where the ones before ended, instead of beginning the data anew. */
  readonly continues?: boolean;
  /** Milliseconds that the loop has waited for data. */
  readonly waited: number;
  /** Begins an epoch, or goes on in it: after `step` batches. */
  begin(epoch: number, step: number, position: FeedPosition, pace: Pace): Promise<void>;
  /** The next steps, at most `most` of them; undefined at the end. A promise only when the data aren't there yet. */
  next(most: number): Series | undefined | Promise<Series | undefined>;
  /** Where the next batch begins. */
  position(): FeedPosition;
  /** Lets go of files and threads. */
  close(): Promise<void>;
}

/** Programs for the full and for the last batch. */
export interface Programs {
  readonly full: BatchProgram;
  readonly last: BatchProgram;
}

/** Batches of arrays in memory, one by one: copied when they are needed, never waited for. */
export class ArrayFeed implements Feed {
  readonly rows: number;
  readonly size: number;
  readonly count: number;
  readonly waited = 0;
  private batch = 0;

  constructor(
    private readonly batches: Batches,
    private readonly programs: Programs,
    /** Seed of the epochs' orders; undefined for the order of the data. */
    private readonly seed: number | undefined,
  ) {
    ({ rows: this.rows, size: this.size, count: this.count } = batches);
  }

  async begin(epoch: number, step: number, _position: FeedPosition, pace: Pace): Promise<void> {
    this.batch = step;
    if (this.seed !== undefined) await this.batches.shuffle(this.seed, epoch, pace);
  }

  next(_most: number): Series | undefined {
    const { batch, count } = this;
    if (batch >= count) return undefined;
    const program = batch === count - 1 ? this.programs.last : this.programs.full;
    this.batches.refill(program.columns, batch);
    this.batch++;
    return program;
  }

  position(): FeedPosition {
    return null; // the step says it all
  }

  async close(): Promise<void> {}
}
