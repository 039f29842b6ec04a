import type { TypedArray } from "../tensor/index.ts";
import { HostRandom } from "../util/index.ts";
import { balancedOrder, type Strata } from "./balance.ts";
import type { Column } from "./column.ts";
import type { Pace } from "./pace.ts";

/**
 * Cuts samples into batches: `size` each, the last one as small as it must be. Holds the order of the samples and copies
 * the rows of a batch to where a program reads them.
 */
export class Batches {
  readonly count: number;
  /** Samples of the last batch. */
  readonly lastSize: number;
  private order: Uint32Array | undefined;
  private filled: readonly TypedArray[] | undefined;

  constructor(
    readonly columns: readonly Column[],
    readonly rows: number,
    readonly size: number,
    /** The rows of each class, when all shall be seen as often. */
    private readonly strata?: Strata | undefined,
  ) {
    this.count = Math.ceil(rows / size);
    this.lastSize = rows - (this.count - 1) * size;
  }

  /** Samples of a batch. */
  sizeOf(batch: number): number {
    return batch === this.count - 1 ? this.lastSize : this.size;
  }

  /**
   * Draws the order of an epoch: always the same for a seed and an epoch, whatever came before. A batch that holds all
   * samples keeps theirs.
   */
  async shuffle(seed: number, epoch: number, pace: Pace): Promise<void> {
    if (this.count === 1 && !this.strata) return;
    const order = this.orderOfRows();
    const random = new HostRandom(seed, epoch + 1);
    this.filled = undefined;
    if (this.strata) return balancedOrder(order, this.strata, random);
    for (let i = 0; i < order.length; i++) order[i] = i;
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      const held = order[i] as number;
      order[i] = order[j] as number;
      order[j] = held;
      if ((i & 4095) === 0 && pace.due()) await pace.rest();
    }
  }

  /** The order that {@link shuffle} draws: always the same array. */
  orderOfRows(): Uint32Array {
    this.order ??= new Uint32Array(this.rows);
    return this.order;
  }

  /** As {@link fill}; when one batch holds all samples and lies there since the last call, it stays. */
  refill(destinations: readonly TypedArray[], batch: number): void {
    if (this.count === 1 && this.filled === destinations) return;
    this.fill(destinations, batch);
    this.filled = destinations;
  }

  /** Copies the rows of a batch, one destination per column. */
  fill(destinations: readonly TypedArray[], batch: number): void {
    const start = batch * this.size;
    const rows = this.sizeOf(batch);
    for (let c = 0; c < this.columns.length; c++) {
      const column = this.columns[c] as Column;
      const { data, rowSize, rowStride } = column;
      const to = destinations[c] as TypedArray;
      if (!this.order && rowStride === rowSize) to.set(data.subarray(start * rowSize, (start + rows) * rowSize));
      else if (rowSize < 64) gatherElements(column, this.order, start, rows, to);
      else gatherRows(column, this.order, start, rows, to);
    }
  }
}

/** Short rows: a loop beats a call per row. */
function gatherElements(
  { data, rowSize, rowStride }: Column,
  order: Uint32Array | undefined,
  start: number,
  rows: number,
  to: TypedArray,
): void {
  let at = 0;
  for (let row = start; row < start + rows; row++) {
    const source = (order ? (order[row] as number) : row) * rowStride;
    for (let i = 0; i < rowSize; i++) to[at++] = data[source + i] as number;
  }
}

/** Long rows: a memory copy per row. */
function gatherRows(
  { data, rowSize, rowStride }: Column,
  order: Uint32Array | undefined,
  start: number,
  rows: number,
  to: TypedArray,
): void {
  for (let row = start; row < start + rows; row++) {
    const source = (order ? (order[row] as number) : row) * rowStride;
    to.set(data.subarray(source, source + rowSize), (row - start) * rowSize);
  }
}
