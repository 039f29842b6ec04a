import { type Batch, joinBatches, rowsOf, sliceBatch } from "../batch.ts";
import type { Cursor, Flow, Position } from "../flow.ts";
import { RegroupedBlocks } from "./blocks.ts";
import { readInOrder } from "./rows.ts";

/** Batches of `size` samples each; the last one is what is left, or left out. */
export function batchFlow(up: Flow, size: number, dropRemainder: boolean): Flow {
  const lengthOf = () =>
    up.length === undefined || !dropRemainder
      ? up.length
      : up.length - (Number.isFinite(up.length) ? up.length % size : 0);
  const { gather } = up;
  return {
    description: `${up.description}, batches of ${size}${dropRemainder ? " without the rest" : ""}`,
    get length() {
      return lengthOf();
    },
    batchSize: size,
    gather,
    open: (pass, position) =>
      gather
        ? readInOrder(lengthOf() as number, gather, pass, position, size)
        : new Regrouped(up, size, dropRemainder, pass, position as RegroupedPosition | undefined),
  };
}

/** Where the next batch begins: in the batch that a flow gives at `up`, after `skip` samples of it. */
interface RegroupedPosition {
  readonly up: Position;
  readonly skip: number;
}

/** Batches of any size regrouped to batches of one size. */
class Regrouped implements Cursor {
  private readonly cursor: Cursor;
  readonly block: Cursor["block"];
  readonly release: Cursor["release"];
  /** The batch that was begun, and where it lies. */
  private rest: Batch | undefined;
  private taken = 0;
  private restAt: Position;
  private skip: number;
  /** Batches that came back, and those that went through as they were. */
  private readonly spare: Batch[] = [];
  private readonly through = new WeakSet<Batch>();

  constructor(
    up: Flow,
    private readonly size: number,
    private readonly dropRemainder: boolean,
    pass: number,
    position: RegroupedPosition | undefined,
  ) {
    this.cursor = up.open(pass, position?.up);
    this.skip = position?.skip ?? 0;
    if (!this.cursor.block) return;
    const blocks = new RegroupedBlocks(this.cursor, size, dropRemainder, this.skip, () => this.spare.pop());
    this.block = () => blocks.next();
    this.release = (block) => blocks.release(block);
  }

  async next(): Promise<Batch | undefined> {
    const parts: Batch[] = [];
    const usedUp: Batch[] = [];
    let rows = 0;
    while (rows < this.size) {
      if (!this.rest && !(await this.readOn())) break;
      const rest = this.rest as Batch;
      const stop = Math.min(rowsOf(rest), this.taken + this.size - rows);
      parts.push(sliceBatch(rest, this.taken, stop));
      rows += stop - this.taken;
      this.taken = stop;
      if (stop < rowsOf(rest)) continue;
      this.rest = undefined;
      usedUp.push(rest);
    }
    if (rows === 0 || (rows < this.size && this.dropRemainder)) return undefined;
    const [only] = usedUp;
    if (only === parts[0] && parts.length === 1) {
      this.through.add(only as Batch);
      return only;
    }
    const { cursor } = this;
    if (!cursor.reuse) return joinBatches(parts);
    const joined = joinBatches(parts, this.spare.pop() ?? {}); // a copy, so that what it is made of can go back
    for (const batch of usedUp) cursor.reuse(batch);
    return joined;
  }

  reuse(batch: Batch): void {
    if (this.through.delete(batch)) this.cursor.reuse?.(batch);
    else if (this.cursor.reuse) this.spare.push(batch);
  }

  position(): RegroupedPosition {
    return this.rest ? { up: this.restAt, skip: this.taken } : { up: this.cursor.position(), skip: this.skip };
  }

  close(): Promise<void> {
    return this.cursor.close();
  }

  private async readOn(): Promise<boolean> {
    const at = this.cursor.position();
    const batch = await this.cursor.next();
    if (!batch) return false;
    if (this.skip < rowsOf(batch)) [this.rest, this.restAt, this.taken] = [batch, at, this.skip];
    this.skip = 0;
    return true;
  }
}
