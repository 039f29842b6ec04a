import type { DatasetState } from "../../data/index.ts";
import { fail } from "../../util/index.ts";
import type { BatchProgram, Series } from "../batch-program.ts";
import type { Feed, FeedPosition } from "../feed.ts";
import type { Pace } from "../pace.ts";
import { Ahead, isBlock, type Ready, type ReadyBatch, type ReadyBlock, type StreamParts } from "./ahead.ts";
import { BlockSeries } from "./block-series.ts";
import { columnsOf } from "./samples.ts";

/** Batches of a dataset, read, checked and laid out ahead of the loop, over the end of an epoch too. */
export class StreamFeed implements Feed {
  private present: Ahead | undefined;
  private following: Ahead | undefined;
  private counted: { rows: number; count: number } | undefined;
  private at: FeedPosition = null;
  private seen = { rows: 0, count: 0 };
  private epoch = 0;
  /** Steps over blocks, and the block that they are over. */
  private series: BlockSeries | undefined;
  private current: { readonly ready: ReadyBlock; done: number; isGiven: boolean } | undefined;
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
    this.settle();
    this.epoch = epoch;
    if (this.continues) {
      this.seen.count = step;
      const state = (position ?? undefined) as DatasetState | undefined;
      this.present ??= new Ahead(this.parts, state?.pass ?? 0, step, state);
      this.at ??= position;
      return;
    }
    this.current = undefined;
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

  next(most: number): Series | undefined | Promise<Series | undefined> {
    this.settle();
    if (this.seen.count === this.parts.steps) return undefined;
    if (this.current) return this.goOn(most);
    const ready = (this.present as Ahead).take();
    return ready && !(isBlock(ready) || ready.program instanceof Promise)
      ? this.fill(ready, ready.program)
      : this.later(ready, most);
  }

  /** What has to be waited for, or its program: that of a smaller last batch may still be compiled, which is no lack of data. */
  private async later(ready: Ready | undefined, most: number): Promise<Series | undefined> {
    const since = performance.now();
    const item = ready ?? (await this.coming());
    this.waited += performance.now() - since;
    if (item === undefined) return this.end();
    if (!isBlock(item)) return this.fill(item, await item.program);
    const { parts } = this;
    this.series ??= new BlockSeries(await parts.programs.of(parts.size), parts.stepsPerCall ?? undefined);
    this.series.begin(item.data, item.order);
    this.current = { ready: item, done: 0, isGiven: false };
    return this.goOn(most);
  }

  /** The next steps of the present block. */
  private goOn(most: number): Series {
    const { series, current, parts, seen } = this;
    this.lookFurther(); // the end of a pass is found while its last block is in use
    series!.next(Math.min(most, (parts.steps ?? Number.POSITIVE_INFINITY) - seen.count));
    current!.isGiven = true;
    return series!;
  }

  /** Counts the steps that were done over a block since. */
  private settle(): void {
    const { current, series, present, seen } = this;
    if (!current?.isGiven) return;
    current.isGiven = false;
    const steps = series!.end();
    const samples = steps * this.size;
    current.done += samples;
    seen.count += steps;
    seen.rows += samples;
    this.at = this.placeOf(current.ready.block.position(current.done));
    if (current.done < current.ready.order.length) return;
    this.current = undefined;
    present!.release(current.ready);
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
    this.settle();
    return this.at;
  }

  async close(): Promise<void> {
    await Promise.all([this.present?.close(), this.following?.close()]);
  }

  private fill({ batch, data, position }: ReadyBatch, program: BatchProgram): Series {
    columnsOf(data).forEach((column, c) => {
      program.columns[c]?.set(column.data);
    });
    this.at = this.placeOf(position);
    this.seen.rows += data.rows;
    this.seen.count++;
    (this.present as Ahead).reuse(batch);
    this.lookFurther();
    return program;
  }

  private placeOf(position: FeedPosition): FeedPosition {
    return this.continues ? { pass: (this.present as Ahead).pass, position } : position;
  }

  /** Begins to read the next pass where all of this one is read, and it will be needed. */
  private lookFurther(): void {
    const { parts, current } = this;
    const { pass, ended, ready } = this.present as Ahead;
    if (!ended || this.following) return;
    const here = ready + (current ? (current.ready.order.length - current.done) / parts.size : 0);
    const wanted = parts.steps && (parts.epochs - this.epoch) * parts.steps - this.seen.count;
    const more = wanted === undefined ? pass + 1 < parts.epochs : wanted > here;
    if (more) this.following = new Ahead(parts, pass + 1, 0);
  }

  private end(): undefined {
    if (!Number.isNaN(this.seen.rows)) this.counted = { ...this.seen };
    return undefined;
  }
}
