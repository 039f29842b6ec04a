import type { Batch, Dataset, DatasetState, Reading } from "../../data/index.ts";
import { fail } from "../../util/index.ts";
import type { BatchProgram, Series } from "../batch-program.ts";
import type { CheckedData } from "../dataset.ts";
import type { Feed, FeedPosition } from "../feed.ts";
import type { Pace } from "../pace.ts";

/** Batches that lie ready while the program computes. */
const AHEAD = 3;

/** What a stream of batches is made ready with. */
export interface StreamParts {
  readonly dataset: Dataset;
  readonly size: number;
  /** Steps of an epoch, which then goes on in the pass over the data where the one before ended. Undefined for a pass an epoch. */
  readonly steps?: number | undefined;
  /** The epoch after which nothing is read. */
  readonly epochs: number;
  readonly read: (batch: Batch, name: string) => Promise<CheckedData>;
  readonly programs: ProgramsBySize;
}

/** Programs for batches of every size, compiled when the first one is seen, while others are computed. */
export class ProgramsBySize {
  private readonly known = new Map<number, BatchProgram | Promise<BatchProgram>>();

  constructor(private readonly compile: (size: number) => Promise<BatchProgram>) {}

  /** The program for a batch of so many samples; a promise until it is compiled. Its error is for who waits for it. */
  of(size: number): BatchProgram | Promise<BatchProgram> {
    const known = this.known.get(size);
    if (known) return known;
    const coming = this.compile(size);
    this.known.set(size, coming);
    coming.then(
      (program) => this.known.set(size, program),
      () => this.known.delete(size),
    );
    return coming;
  }
}

/** Batches of a dataset, read, checked and laid out ahead of the loop, over the end of an epoch too. */
export class StreamFeed implements Feed {
  private present: Ahead | undefined;
  private following: Ahead | undefined;
  private counted: { rows: number; count: number } | undefined;
  private at: FeedPosition = null;
  private seen = { rows: 0, count: 0 };
  waited = 0;
  readonly continues: boolean;

  constructor(private readonly parts: StreamParts) {
    this.continues = parts.steps !== undefined;
  }

  get size(): number {
    return this.parts.size;
  }

  get rows(): number | undefined {
    return this.continues ? undefined : (this.counted?.rows ?? this.parts.dataset.length);
  }

  get count(): number | undefined {
    const { rows, parts } = this;
    return parts.steps ?? this.counted?.count ?? (rows === undefined ? undefined : Math.ceil(rows / this.size));
  }

  async begin(epoch: number, step: number, position: FeedPosition, _pace: Pace): Promise<void> {
    if (this.continues) {
      this.seen.count = step;
      const state = (position ?? undefined) as DatasetState | undefined;
      this.present ??= new Ahead(this.parts, state?.pass ?? 0, step, state);
      this.at ??= position;
      return;
    }
    await this.present?.close();
    const ready = this.following;
    this.following = undefined;
    if (ready?.pass === epoch && step === 0) this.present = ready;
    else {
      await ready?.close();
      const state = step > 0 ? { pass: epoch, position } : undefined;
      this.present = new Ahead(this.parts, epoch, step, state as DatasetState | undefined);
    }
    this.at = step > 0 ? position : null;
    // Of an epoch that another process began, nobody here knows how many samples it had.
    this.seen = { rows: step > 0 ? Number.NaN : 0, count: step };
  }

  next(): Series | undefined | Promise<Series | undefined> {
    if (this.seen.count === this.parts.steps) return undefined;
    const ready = (this.present as Ahead).take();
    return ready && !(ready.program instanceof Promise) ? this.fill(ready, ready.program) : this.later(ready);
  }

  /** A batch that has to be waited for, or its program: that of a smaller last batch may still be compiled, which is no lack of data. */
  private async later(ready: Ready | undefined): Promise<Series | undefined> {
    const since = performance.now();
    const item = ready ?? (await this.coming());
    this.waited += performance.now() - since;
    return item === undefined ? this.end() : this.fill(item, await item.program);
  }

  /** The next batch of the pass, or of the one after it. */
  private async coming(): Promise<Ready | undefined> {
    const present = this.present as Ahead;
    const item = await present.coming();
    if (item || !this.continues) return item;
    await present.close();
    this.present = this.following ?? new Ahead(this.parts, present.pass + 1, this.seen.count);
    this.following = undefined;
    return (await this.present.coming()) ?? fail(`pass ${present.pass + 2} over the dataset is empty`, "samples");
  }

  position(): FeedPosition {
    return this.at;
  }

  async close(): Promise<void> {
    await Promise.all([this.present?.close(), this.following?.close()]);
  }

  private fill({ batch, data, position }: Ready, program: BatchProgram): Series {
    [...data.inputs, ...data.targets, ...(data.weight ? [data.weight] : [])].forEach((column, c) => {
      program.columns[c]?.set(column.data);
    });
    const present = this.present as Ahead;
    this.at = this.continues ? { pass: present.pass, position } : position;
    this.seen.rows += data.rows;
    this.seen.count++;
    present.reuse(batch);
    const { pass, ended } = present;
    const more = this.continues || pass + 1 < this.parts.epochs;
    if (ended && !this.following && more) this.following = new Ahead(this.parts, pass + 1, 0);
    return program;
  }

  private end(): undefined {
    if (!Number.isNaN(this.seen.rows)) this.counted = { ...this.seen };
    return undefined;
  }
}

/** A batch that only has to be copied. */
interface Ready {
  readonly batch: Batch;
  readonly data: CheckedData;
  /** A promise while it is compiled. */
  readonly program: BatchProgram | Promise<BatchProgram>;
  /** Where the batch after it begins. */
  readonly position: FeedPosition;
}

/** An epoch's batches, read ahead. */
class Ahead {
  /** Everything is read. */
  ended = false;
  private readonly reading: Reading;
  private readonly queue: Ready[] = [];
  private working: Promise<void> | undefined;
  private failure: { error: unknown } | undefined;
  private closed = false;

  constructor(
    private readonly parts: StreamParts,
    readonly pass: number,
    private batches: number,
    state?: DatasetState,
  ) {
    this.reading = parts.dataset.read(state ? { state } : { pass });
    this.work();
  }

  /** The next batch, if it is there. */
  take(): Ready | undefined {
    const item = this.queue.shift();
    if (item) this.work();
    return item;
  }

  /** The next batch; undefined at the end. */
  async coming(): Promise<Ready | undefined> {
    while (this.queue.length === 0 && !this.ended) {
      if (this.failure) throw this.failure.error;
      this.work();
      await this.step;
    }
    return this.take();
  }

  /** Resolved when another batch is there, or none will be. */
  private step: Promise<void> = Promise.resolve();

  /** A batch that was copied to where the program reads it. */
  reuse(batch: Batch): void {
    this.reading.reuse(batch);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.working;
    await this.reading.close();
  }

  /** Reads on until enough lies ready. */
  private work(): void {
    if (this.working || this.ended || this.failure || this.closed || this.queue.length >= AHEAD) return;
    this.working = (async () => {
      try {
        while (!this.closed && !this.ended && this.queue.length < AHEAD) {
          this.step = this.one();
          await this.step;
        }
      } catch (error) {
        this.failure = { error };
      } finally {
        this.working = undefined;
      }
    })();
  }

  private async one(): Promise<void> {
    const batch = await this.reading.next();
    if (!batch) {
      this.ended = true;
      return;
    }
    const { position } = this.reading.state();
    const data = await this.parts.read(batch, `batch ${++this.batches}`);
    this.queue.push({ batch, data, program: this.parts.programs.of(data.rows), position });
  }
}
