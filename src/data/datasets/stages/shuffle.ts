import { HostRandom, product } from "../../../util/index.ts";
import { type DenseArray, isDenseArray } from "../../arrays.ts";
import {
  type Batch,
  type BatchColumn,
  bytesPerRow,
  checkAlike,
  gatherBatch,
  handyRows,
  mapColumns,
  rowsOf,
  sameKind,
  sliceBatch,
} from "../batch.ts";
import { Block } from "../block.ts";
import type { Cursor, Flow, Position } from "../flow.ts";
import { readInOrder } from "./rows.ts";

/** Every pass has an order of its own; with `reshuffle: false` all have the first one's. */
export interface ShuffleSettings {
  readonly seed: number;
  readonly buffer: number | undefined;
  readonly reshuffle: boolean;
}

/** Samples of a window where nothing is said. */
export const WINDOW = 10_000;

/**
 * Exact, where samples can be had in any order and no window is asked for: all orders are equally likely. Else windows of so many samples, one
 * after the other, each in an order of its own: a sample moves by at most a window. Of what is kept, every pass but the first one puts pieces in
 * an order of chance before (see orderInPieces).
 */
export function shuffleFlow(up: Flow, { seed, buffer, reshuffle }: ShuffleSettings): Flow {
  const passOf = (pass: number) => (reshuffle ? pass : 0);
  const words = `seed ${seed}${reshuffle ? "" : ", the same in every pass"}`;
  if (up.gather && buffer === undefined && Number.isFinite(up.length)) {
    const { gather } = up;
    let drawn: { pass: number; order: Uint32Array } | undefined;
    const orderOf = (pass: number) => {
      if (drawn?.pass !== passOf(pass)) {
        const order = new HostRandom(seed, passOf(pass) + 1).shuffle(inOrder(up.length as number));
        drawn = { pass: passOf(pass), order };
      }
      return drawn.order;
    };
    const shuffled: Flow["gather"] = (rows, pass) => {
      const order = orderOf(pass);
      return gather(
        Uint32Array.from(rows, (row) => order[row] as number),
        pass,
      );
    };
    return {
      description: `${up.description}, shuffled (${words})`,
      get length() {
        return up.length;
      },
      gather: shuffled,
      open: (pass, position) => readInOrder(up.length as number, shuffled, pass, position),
    };
  }
  const window = buffer ?? WINDOW;
  const what = up.openInPieces ? "in pieces and " : "";
  return {
    description: `${up.description}, shuffled ${what}within windows of ${window} (${words})`,
    get length() {
      return up.length;
    },
    open: (pass, position) =>
      new Windows(up, window, seed, pass, passOf(pass), position as WindowsPosition | undefined),
  };
}

interface WindowsPosition {
  /** Where the present window begins: in the batch at `up`, after `skip` samples. */
  readonly up: Position;
  readonly skip: number;
  readonly window: number;
  /** Samples of the window that were given. */
  readonly given: number;
}

/** While the samples of a window are given, as many are read for the next: no step waits for a whole window. */
class Windows implements Cursor {
  private readonly cursor: Cursor;
  /** What is read for the window after the present one. */
  private filling: Pile;
  private giving: Pile;
  /** The end of the batch read last, where it goes beyond that window. */
  private over: { batch: Batch; from: number } | undefined;
  /** Samples in both. */
  private read = 0;
  /** Where the window that is being read begins. */
  private start: { up: Position; skip: number };
  private skip: number;
  private ended = false;
  private present: { samples: Batch; order: Uint32Array; start: { up: Position; skip: number } } | undefined;
  private window: number;
  private given: number;
  /** Samples of a window, where they are known beforehand. */
  private readonly expected: number;
  private readonly spare: Batch[] = [];
  /** Windows that somebody holds as blocks, and memory of those that came back. */
  private readonly lent = new Map<Block, Pile>();
  private readonly returned: Pile[] = [];

  constructor(
    up: Flow,
    private readonly size: number,
    private readonly seed: number,
    pass: number,
    private readonly orderPass: number,
    position: WindowsPosition | undefined,
  ) {
    this.start = { up: position?.up, skip: position?.skip ?? 0 };
    this.skip = this.start.skip;
    this.window = position?.window ?? 0;
    this.given = position?.given ?? 0;
    // What is being kept comes in its own order, which the first pass thus always has.
    this.cursor =
      up.openInPieces && orderPass > 0
        ? up.openInPieces(new HostRandom(seed, streamOf(orderPass, PIECES)), position?.up)
        : up.open(pass, position?.up);
    this.expected = Math.min(size, up.length ?? 0);
    [this.filling, this.giving] = [new Pile(this.expected), new Pile(this.expected)];
    if (position === undefined) this.start = { up: this.cursor.position(), skip: 0 };
  }

  async next(): Promise<Batch | undefined> {
    if (!this.present) {
      while (this.read < this.size && (await this.readOn()));
      if (this.read === 0) return undefined;
      this.begin();
    }
    const { samples, order } = this.present as NonNullable<typeof this.present>;
    const size = handyRows(bytesPerRow(samples));
    const stop = Math.min(order.length, this.given + size);
    const batch = gatherBatch(samples, order.subarray(this.given, stop), this.spare.pop());
    const goal = this.read + (stop - this.given);
    while (this.read < Math.min(this.size, goal) && (await this.readOn()));
    this.given = stop;
    if (stop === order.length) [this.present, this.given, this.window] = [undefined, 0, this.window + 1];
    return batch;
  }

  /** A window. It is read while those before it are in use. */
  async block(): Promise<Block | undefined> {
    while (this.read < this.size && (await this.readOn()));
    if (this.read === 0) return undefined;
    const pile = this.filling;
    this.giving = this.returned.pop() ?? new Pile(this.expected); // begin() fills it next
    this.begin();
    const { samples, order, start } = this.present as NonNullable<typeof this.present>;
    const [window, from, next] = [this.window, this.given, this.start];
    [this.present, this.given, this.window] = [undefined, 0, window + 1];
    const block = new Block(samples, order.subarray(from), (count) =>
      from + count < order.length
        ? { ...start, window, given: from + count }
        : { ...next, window: window + 1, given: 0 },
    );
    this.lent.set(block, pile);
    return block;
  }

  release(block: Block): void {
    const pile = this.lent.get(block);
    if (!pile) return;
    this.lent.delete(block);
    pile.clear();
    this.returned.push(pile);
  }

  position(): WindowsPosition {
    return { ...(this.present?.start ?? this.start), window: this.window, given: this.given };
  }

  reuse(batch: Batch): void {
    this.spare.push(batch);
  }

  close(): Promise<void> {
    return this.cursor.close();
  }

  /** Makes what was read the window whose samples are given. What was read beyond it begins the next. */
  private begin(): void {
    [this.giving, this.filling] = [this.filling, this.giving];
    const samples = this.giving.samples();
    const rows = rowsOf(samples);
    const order = inOrder(rows);
    new HostRandom(this.seed, streamOf(this.orderPass, this.window)).shuffle(order);
    this.present = { samples, order, start: this.start };
    this.read -= rows;
    // The rest, if there is one, is the end of the batch read last.
    this.start = this.read > 0 ? this.lastStart(this.read) : { up: this.cursor.position(), skip: 0 };
    this.filling.clear();
    this.fill();
  }

  private last: { at: Position; rows: number } | undefined;

  private lastStart(left: number): { up: Position; skip: number } {
    const { at, rows } = this.last as NonNullable<typeof this.last>;
    return { up: at, skip: rows - left };
  }

  private async readOn(): Promise<boolean> {
    if (this.ended) return false;
    const at = this.cursor.position();
    const batch = await this.cursor.next();
    if (!batch) {
      this.ended = true;
      return false;
    }
    const rows = rowsOf(batch);
    this.last = { at, rows };
    const from = Math.min(this.skip, rows);
    this.over = { batch, from };
    this.skip -= from;
    this.read += rows - from;
    this.fill();
    return true;
  }

  /** Puts what is over into the window that is read, as far as there is room. */
  private fill(): void {
    if (!this.over) return;
    const { batch, from } = this.over;
    const stop = Math.min(rowsOf(batch), from + this.size - this.filling.rows);
    this.filling.add(sliceBatch(batch, from, stop), this.size);
    this.over = stop < rowsOf(batch) ? { batch, from: stop } : undefined;
    if (!this.over) this.cursor.reuse?.(batch);
  }
}

/** Samples put one after the other into memory that grows as it must and serves again when it is cleared. */
class Pile {
  rows = 0;
  private memory: Batch | undefined;
  private room = 0;

  /** @param expected samples that it will hold, as far as that is known: so much room it has from the beginning. */
  constructor(private readonly expected: number) {}

  /** @param most samples that it will ever hold. */
  add(batch: Batch, most: number): void {
    const count = rowsOf(batch);
    if (count === 0) return;
    if (this.memory) checkAlike(this.memory, batch);
    if (this.rows + count > this.room)
      this.grow(batch, Math.min(most, Math.max(this.expected, 2 * this.room, this.rows + count)));
    for (const [name, column] of Object.entries(batch)) {
      const to = this.memory?.[name] as BatchColumn;
      if (isDenseArray(column)) (to as DenseArray).data.set(column.data, this.rows * product(column.shape.slice(1)));
      else for (const value of column as readonly unknown[]) (to as unknown[]).push(value);
    }
    this.rows += count;
  }

  samples(): Batch {
    return mapColumns(this.memory as Batch, (column) => {
      if (!isDenseArray(column)) return column;
      const rowShape = column.shape.slice(1);
      return { data: column.data.subarray(0, this.rows * product(rowShape)), shape: [this.rows, ...rowShape] };
    });
  }

  /** Lists are new ones then; who got the samples may keep theirs. */
  clear(): void {
    this.rows = 0;
    this.memory &&= mapColumns(this.memory, (column) => (isDenseArray(column) ? column : []));
  }

  private grow(like: Batch, room: number): void {
    this.memory = mapColumns(this.memory ?? like, (column, name) => {
      if (!isDenseArray(column)) return this.memory ? column : [];
      const rowShape = column.shape.slice(1);
      const data = sameKind(column.data, room * product(rowShape));
      if (this.memory) data.set((this.memory[name] as DenseArray).data);
      return { data, shape: [room, ...rowShape] };
    });
    this.room = room;
  }
}

function inOrder(count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order;
}

/** In the place of a window, for the order of a pass's pieces. */
const PIECES = -2;

/** A stream of random numbers for each window of each pass. */
function streamOf(pass: number, window: number): number {
  return (Math.imul(pass + 1, 0x9e3779b1) ^ Math.imul(window + 1, 0x85ebca6b)) >>> 0;
}
