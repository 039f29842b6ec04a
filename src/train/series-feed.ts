import type { RowSource, SeriesRunner } from "../tensor/index.ts";
import type { BatchProgram, Series } from "./batch-program.ts";
import type { Batches } from "./batches.ts";
import { CallMemory, roomFor } from "./call-memory.ts";
import type { Feed, Programs } from "./feed.ts";
import type { Pace } from "./pace.ts";
import { StepsPerCall } from "./steps-per-call.ts";

/** Batches of arrays in memory, many steps in a call. Loaded where an engine or the user asks for that. */
export class SeriesFeed implements Feed {
  readonly rows: number;
  readonly size: number;
  readonly count: number;
  readonly waited = 0;
  private readonly full: BatchSeries;
  private readonly last: BatchSeries;
  private readonly calls: StepsPerCall;
  private batch = 0;
  /** What the last {@link SeriesFeed.next} gave. */
  private given: BatchSeries | undefined;

  constructor(
    private readonly batches: Batches,
    { full, last }: Programs,
    /** Seed of the epochs' orders; undefined for the order of the data. */
    private readonly seed: number | undefined,
    /** Steps of a call; undefined for as many as are good. */
    wanted: number | undefined,
  ) {
    ({ rows: this.rows, size: this.size, count: this.count } = batches);
    const shuffled = seed !== undefined;
    this.calls = new StepsPerCall(wanted);
    this.full = new BatchSeries(full, batches, roomFor(full, wanted, batches.count), shuffled);
    this.last = full === last ? this.full : new BatchSeries(last, batches, 1, shuffled);
  }

  async begin(epoch: number, step: number, _position: unknown, pace: Pace): Promise<void> {
    this.given = undefined;
    this.batch = step;
    if (this.seed !== undefined) await this.batches.shuffle(this.seed, epoch, pace);
  }

  next(most: number): Series | undefined {
    const { count, full, last, given, calls } = this;
    if (given) {
      calls.end(given.steps);
      this.batch += given.steps; // of a call that ended early the other batches are still to come
      this.given = undefined;
    }
    const { batch } = this;
    if (batch >= count) return undefined;
    const series = batch === count - 1 ? last : full;
    series.first = batch;
    const left = full === last || batch === count - 1 ? count - batch : count - 1 - batch;
    series.steps = Math.min(most, series.room, left, calls.begin());
    this.given = series;
    return series;
  }

  position(): null {
    return null; // the step says it all
  }

  async close(): Promise<void> {}
}

/** Steps over batches of arrays: the engine fetches their rows by itself, or each is copied and run in its turn. */
class BatchSeries implements Series {
  steps = 1;
  /** The batch of the first step. */
  first = 0;
  readonly control: Uint32Array;
  readonly rate: Float32Array;
  private readonly call: CallMemory;
  private readonly runner: SeriesRunner | undefined;

  /** @param shuffled whether the batches' order is drawn. */
  constructor(
    readonly program: BatchProgram,
    private readonly batches: Batches,
    readonly room: number,
    shuffled: boolean,
  ) {
    this.call = new CallMemory(program, room);
    ({ control: this.control, rate: this.rate } = this.call);
    // One batch that holds all samples stays where it lies.
    if (batches.count > 1) this.runner = this.call.runner(sourcesOf(batches, shuffled, program.size !== batches.size));
  }

  run = (): Promise<void> | undefined => {
    const { runner } = this;
    if (!runner) return this.runFrom(0);
    const done = runner(this.first, this.steps);
    if (typeof done !== "number") return done.then(this.end);
    this.end(done);
    return undefined;
  };

  /** Called after every step, so it allocates nothing. */
  read(step: number): void {
    this.call.read(step);
  }

  private readonly end = (steps: number) => {
    this.steps = steps;
  };

  /** Step after step: each batch is copied to where the program reads it. */
  private runFrom(begin: number): Promise<void> | undefined {
    const { program, batches, call, first } = this;
    for (let step = begin; step < this.steps; step++) {
      batches.refill(program.columns, first + step);
      call.prepare(step);
      const working = program.run();
      if (working) return working.then(() => this.keep(step)).then(() => this.runFrom(step + 1));
      this.keep(step);
    }
    return undefined;
  }

  private keep(step: number): void {
    this.call.keep(step);
    if (!this.program.outputs["losses"]?.every(Number.isFinite)) this.steps = step + 1;
  }
}

/**
 * The rows of every column, for an engine that reads them by itself, in the order that `batches` draw when `shuffled`: those of all batches, or of the
 * last one alone, which may be smaller.
 */
function sourcesOf(batches: Batches, shuffled: boolean, lastAlone: boolean): RowSource[] {
  const first = lastAlone ? batches.rows - batches.lastSize : 0;
  const order = shuffled ? batches.orderOfRows().subarray(first) : undefined;
  return batches.columns.map(({ data, rowSize, rowStride }) => {
    const rows = order ? data : data.subarray(first * rowStride);
    return { data: rows, rowSize, rowStride, order, restarts: lastAlone };
  });
}
