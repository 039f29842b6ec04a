import { type Batch, gatherBatch, rowsOf, sliceBatch } from "./batch.ts";

/** Many samples at once, where they lie. */
export class Block {
  /** How many. */
  readonly length: number;

  constructor(
    /** They and perhaps others, in memory that nobody changes until the block is given back. */
    readonly samples: Batch,
    /** Their places there, in the order in which batches would give them; undefined: all, one after the other. */
    readonly order: Uint32Array | undefined,
    /** Where the samples begin that come after so many of them: a flow opened there gives these. */
    readonly position: (count: number) => unknown,
  ) {
    this.length = order?.length ?? rowsOf(samples);
  }

  /** Samples [start, stop), copied where they have an order of their own. */
  rows(start: number, stop: number): Batch {
    const { samples, order } = this;
    return order ? gatherBatch(samples, order.subarray(start, stop)) : sliceBatch(samples, start, stop);
  }
}
