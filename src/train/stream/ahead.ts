import type { Batch, Block, Dataset, DatasetState, Reading } from "../../data/index.ts";
import type { BatchProgram } from "../batch-program.ts";
import type { CheckedData } from "../dataset.ts";
import type { FeedPosition } from "../feed.ts";
import type { ProgramsBySize } from "./programs.ts";

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
  /** Steps of a call, undefined for as many as are good; null where each is a call. */
  readonly stepsPerCall: number | undefined | null;
}

/** A batch that only has to be copied. */
export interface ReadyBatch {
  readonly batch: Batch;
  readonly data: CheckedData;
  /** A promise while it is compiled. */
  readonly program: BatchProgram | Promise<BatchProgram>;
  /** Where the batch after it begins. */
  readonly position: FeedPosition;
}

/** Many batches, whose samples the engine can fetch from where they lie. */
export interface ReadyBlock {
  readonly block: Block;
  readonly order: Uint32Array;
  /** All samples of the block's memory. */
  readonly data: CheckedData;
}

export type Ready = ReadyBatch | ReadyBlock;

export const isBlock = (ready: Ready): ready is ReadyBlock => "block" in ready;

/** An epoch's batches, read ahead. */
export class Ahead {
  /** Everything is read. */
  ended = false;
  private readonly reading: Reading;
  private readonly queue: Ready[] = [];
  private working: Promise<void> | undefined;
  private failure: { error: unknown } | undefined;
  private closed = false;
  private readonly inBlocks: boolean;

  constructor(
    private readonly parts: StreamParts,
    readonly pass: number,
    private batches: number,
    state?: DatasetState,
  ) {
    this.reading = parts.dataset.read(state ? { state } : { pass });
    this.inBlocks = parts.stepsPerCall !== null && this.reading.inBlocks;
    this.work();
  }

  /** Batches that lie ready. */
  get ready(): number {
    return this.queue.reduce((sum, item) => sum + (isBlock(item) ? item.order.length / this.parts.size : 1), 0);
  }

  /** What comes next, if it is there. */
  take(): Ready | undefined {
    const item = this.queue.shift();
    if (item) this.work();
    return item;
  }

  /** What comes next; undefined at the end. */
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

  /** A block whose steps are done. */
  release({ block }: ReadyBlock): void {
    this.reading.release(block);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.working;
    await this.reading.close();
  }

  /** Whether as much lies ready as should: some batches, or one block beside the one in use. */
  private get isFull(): boolean {
    return this.queue.length >= AHEAD || this.queue.some(isBlock);
  }

  /** Reads on until enough lies ready. */
  private work(): void {
    if (this.working || this.ended || this.failure || this.closed || this.isFull) return;
    this.working = (async () => {
      try {
        while (!this.closed && !this.ended && !this.isFull) {
          this.step = this.inBlocks ? this.oneBlock() : this.one();
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
    await this.add(batch, this.reading.state().position);
  }

  private async oneBlock(): Promise<void> {
    const block = await this.reading.block();
    if (!block) {
      this.ended = true;
      return;
    }
    const { samples, order, length } = block;
    if (!order) return this.add(samples, block.position(length));
    const count = length / this.parts.size;
    const ready = await this.parts.read(samples, "").then(
      (data) => ({ block, order, data }),
      () => this.oneByOne(block, count),
    );
    this.batches += count;
    this.queue.push(ready);
  }

  private async add(batch: Batch, position: FeedPosition): Promise<void> {
    const data = await this.parts.read(batch, `batch ${++this.batches}`);
    this.queue.push({ batch, data, program: this.parts.programs.of(data.rows), position });
  }

  /** A block that lies beside something wrong: throws for the batch that is. */
  private async oneByOne(block: Block, count: number): Promise<ReadyBlock> {
    const { size, read } = this.parts;
    for (let i = 0; i < count; i++) await read(block.rows(i * size, (i + 1) * size), `batch ${this.batches + i + 1}`);
    const data = await read(block.rows(0, count * size), "");
    return { block, order: Uint32Array.from({ length: count * size }, (_, i) => i), data };
  }
}
