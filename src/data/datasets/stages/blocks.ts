import { type Batch, joinBatches, rowsOf } from "../batch.ts";
import { Block } from "../block.ts";
import type { Cursor } from "../flow.ts";

/**
 * Blocks regrouped to whole batches: a block goes through without what is too few for a batch at its end. That is copied, and makes a batch of its own
 * with the first samples of the block after it.
 */
export class RegroupedBlocks {
  /** Samples that are too few for a batch. */
  private left: Batch | undefined;
  /** What comes next of a block whose first samples were in the batch before. */
  private rest: Block | undefined;
  /** Blocks of ours, and those that they are part of. */
  private readonly lent = new Map<Block, Block>();

  /** @param skip samples of the first block that come no more. */
  constructor(
    private readonly cursor: Cursor,
    private readonly size: number,
    private readonly dropRemainder: boolean,
    private skip: number,
    /** Memory for a batch, where there is some. */
    private readonly spare: () => Batch | undefined,
  ) {}

  async next(): Promise<Block | undefined> {
    const { rest, size } = this;
    this.rest = undefined;
    if (rest) return rest;
    for (let own = await this.cursor.block?.(); own; own = await this.cursor.block?.()) {
      const begin = Math.min(this.skip, own.length);
      this.skip -= begin;
      const found = this.divide(own, begin, size - (this.left ? rowsOf(this.left) : 0));
      if (found) return found;
    }
    const { left } = this;
    this.left = undefined;
    if (!left || this.dropRemainder) return undefined;
    return new Block(left, undefined, () => ({ up: this.cursor.position(), skip: 0 }));
  }

  release(block: Block): void {
    const own = this.lent.get(block);
    if (!own) return;
    this.lent.delete(block);
    this.cursor.release?.(own);
  }

  /** A batch that what is left and the next `wanted` samples make, and the batches after it; undefined where there is none. */
  private divide(own: Block, begin: number, wanted: number): Block | undefined {
    const { left, size } = this;
    const length = own.length;
    const first = left ? begin + wanted : begin;
    const at = (count: number) => ({ up: own.position(count), skip: 0 });
    if (length < first) {
      this.left = joinBatches([...(left ? [left] : []), own.rows(begin, length)], {});
      this.cursor.release?.(own);
      return undefined;
    }
    const head =
      left && new Block(joinBatches([left, own.rows(begin, first)], this.spare() ?? {}), undefined, () => at(first));
    const stop = first + size * Math.floor((length - first) / size);
    this.left = stop < length ? joinBatches([own.rows(stop, length)], {}) : undefined;
    if (stop === first) {
      this.cursor.release?.(own);
      return head;
    }
    const { samples, order } = own;
    const whole = order ?? Uint32Array.from({ length }, (_, i) => i);
    const main = new Block(samples, whole.subarray(first, stop), (count) => at(first + count));
    this.lent.set(main, own);
    if (!head) return main;
    this.rest = main;
    return head;
  }
}
