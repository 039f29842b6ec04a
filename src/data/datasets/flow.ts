import type { HostRandom } from "../../util/index.ts";
import type { Batch } from "./batch.ts";
import type { Block } from "./block.ts";

/** Where a flow stands: plain data, as JSON holds it. What it means is the flow's own business. */
export type Position = unknown;

/** One reading of a flow, from its beginning or from a position. */
export interface Cursor {
  /** The next samples, at least one; undefined at the end. One call at a time. */
  next(): Promise<Batch | undefined>;
  /** Where the samples begin that `next` would give: a flow opened there gives the same ones, bit for bit. */
  position(): Position;
  /**
   * Takes back a batch that it gave, of which nobody will look at a number any more, so that its memory holds a later one: memory that is fresh
   * costs more than what is written to it. Cursors without it give batches away for good.
   */
  reuse?(batch: Batch): void;
  /**
   * All samples that lie ready, in the place of many calls of `next`, which is then never called; undefined at the end. Who takes blocks holds two at
   * most, and gives each back.
   */
  readonly block?: (() => Promise<Block | undefined>) | undefined;
  readonly release?: ((block: Block) => void) | undefined;
  /** Lets go of files and threads; called once, and no `next` after it. */
  close(): Promise<void>;
}

/**
 * A recipe of samples: what a {@link Dataset} is made of. Every pass over it gives the same samples in the same order, whatever runs beside it
 * and however many threads work on it; what is random follows from a seed and the number of the pass. So do the sizes of its batches.
 */
export interface Flow {
  /** How it was made, on one line: "rows of iris.csv, shuffled (seed 3)". Flows of one description give the same samples. */
  readonly description: string;
  /** Samples; undefined where nobody knows before the end. Infinity for a flow without one. */
  readonly length: number | undefined;
  /** Samples of every batch but the last; undefined where they come as they may. */
  readonly batchSize?: number | undefined;
  /** Reads samples by their numbers, where they can be had in any order. */
  readonly gather?: ((rows: ArrayLike<number>, pass: number) => Promise<Batch>) | undefined;
  open(pass: number, position?: Position): Cursor;
  /**
   * Opens it in an order of pieces that is drawn, where such a reading is as fast as one from the beginning to the end: what is kept. The same
   * draws give the same order, and positions belong to it.
   */
  readonly openInPieces?: ((random: HostRandom, position?: Position) => Cursor) | undefined;
}

/** A cursor over what is computed one after the other from a cursor that it closes. */
export function cursorOver(up: Cursor, next: () => Promise<Batch | undefined>, position: () => Position): Cursor {
  return { next, position, close: () => up.close() };
}
