import type { RowSource, SeriesRunner, TypedArray } from "../tensor/index.ts";
import type { BatchProgram, Series } from "./batch-program.ts";
import type { Batches } from "./batches.ts";
import type { Feed, Programs } from "./feed.ts";
import type { Pace } from "./pace.ts";
import { StepsPerCall } from "./steps-per-call.ts";

/** Bytes of the outputs and control numbers of all steps of a call, where nobody says how many these are: they stay in a cache. */
const ROOM_BYTES = 1 << 18;

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
    this.full = new BatchSeries(full, batches, roomFor(full, batches, wanted), shuffled);
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

/** Steps that a call can do: as many as an epoch has, or are wanted, or stay in a cache. */
function roomFor({ control, rate, outputs }: BatchProgram, batches: Batches, wanted: number | undefined): number {
  const bytes = [control, rate, ...Object.values(outputs)].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Math.min(wanted ?? Math.max(1, Math.floor(ROOM_BYTES / bytes)), batches.count);
}

/** Steps over batches of arrays: the engine fetches their rows by itself, or each is copied and run in its turn. */
class BatchSeries implements Series {
  steps = 1;
  /** The batch of the first step. */
  first = 0;
  readonly control: Uint32Array;
  readonly rate: Float32Array;
  /** The program's outputs, and room for those of all steps of a call: none where a call has one step. */
  private readonly outputs: readonly { readonly own: TypedArray; readonly kept: TypedArray }[];
  private readonly runner: SeriesRunner | undefined;

  /** @param shuffled whether the batches' order is drawn. */
  constructor(
    readonly program: BatchProgram,
    private readonly batches: Batches,
    readonly room: number,
    shuffled: boolean,
  ) {
    const { control, rate, outputs } = program;
    const many = room > 1;
    this.control = many ? longer(control, room).map((_, i) => control[i % 3] as number) : control;
    this.rate = many ? longer(rate, room) : rate;
    this.outputs = many ? Object.values(outputs).map((own) => ({ own, kept: longer(own, room) })) : [];
    // One batch that holds all samples stays where it lies.
    if (batches.count === 1) return;
    const rows = (data: TypedArray, rowSize: number) => ({ data, rowSize, rowStride: rowSize, restarts: true });
    const own = [rows(this.control, 3), rows(this.rate, 1)];
    this.runner = program.series?.({
      inputs: [...sourcesOf(batches, shuffled, program.size !== batches.size), ...(many ? own : [])],
      outputs: this.outputs.map(({ kept }) => kept),
      watched: Object.keys(outputs).indexOf("losses"),
    });
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
    for (const { own, kept } of this.outputs) {
      const start = own.length * step;
      for (let i = 0; i < own.length; i++) own[i] = kept[start + i] as number;
    }
  }

  private readonly end = (steps: number) => {
    this.steps = steps;
  };

  /** Step after step: each batch is copied to where the program reads it. */
  private runFrom(begin: number): Promise<void> | undefined {
    const { program, batches, room, first } = this;
    for (let step = begin; step < this.steps; step++) {
      batches.refill(program.columns, first + step);
      if (room > 1) {
        program.control.set(this.control.subarray(3 * step, 3 * step + 3));
        program.rate[0] = this.rate[step] as number;
      }
      const working = program.run();
      if (working) return working.then(() => this.keep(step)).then(() => this.runFrom(step + 1));
      this.keep(step);
    }
    return undefined;
  }

  private keep(step: number): void {
    for (const { own, kept } of this.outputs) kept.set(own, own.length * step);
    if (!this.program.outputs["losses"]?.every(Number.isFinite)) this.steps = step + 1;
  }
}

/** An array of the same type, so many times as long. */
function longer<T extends TypedArray>(array: T, times: number): T {
  return new (array.constructor as new (length: number) => T)(array.length * times);
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
