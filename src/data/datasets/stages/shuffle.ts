import { HostRandom } from "../../../util/index.ts";
import { type Batch, bytesPerRow, gatherBatch, handyRows, joinBatches, rowsOf, sliceBatch } from "../batch.ts";
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
 * after the other, each in an order of its own: a sample moves by at most a window.
 */
export function shuffleFlow(up: Flow, { seed, buffer, reshuffle }: ShuffleSettings): Flow {
  const passOf = (pass: number) => (reshuffle ? pass : 0);
  const words = `seed ${seed}${reshuffle ? "" : ", the same in every pass"}`;
  if (up.gather && buffer === undefined && Number.isFinite(up.length)) {
    const { gather } = up;
    let drawn: { pass: number; order: Uint32Array } | undefined;
    const orderOf = (pass: number) => {
      if (drawn?.pass !== passOf(pass)) {
        const order = Uint32Array.from({ length: up.length as number }, (_, i) => i);
        drawn = { pass: passOf(pass), order: new HostRandom(seed, passOf(pass) + 1).shuffle(order) };
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
  return {
    description: `${up.description}, shuffled within windows of ${window} (${words})`,
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
  private parts: Batch[] = [];
  private read = 0;
  /** Where the window that is being read begins. */
  private start: { up: Position; skip: number };
  private skip: number;
  private ended = false;
  private present: { samples: Batch; order: Uint32Array; start: { up: Position; skip: number } } | undefined;
  private window: number;
  private given: number;

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
    this.cursor = up.open(pass, position?.up);
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
    const batch = gatherBatch(samples, order.subarray(this.given, stop));
    const goal = this.read + (stop - this.given);
    while (this.read < Math.min(this.size, goal) && (await this.readOn()));
    this.given = stop;
    if (stop === order.length) [this.present, this.given, this.window] = [undefined, 0, this.window + 1];
    return batch;
  }

  position(): WindowsPosition {
    return { ...(this.present?.start ?? this.start), window: this.window, given: this.given };
  }

  close(): Promise<void> {
    return this.cursor.close();
  }

  /** Makes what was read the window whose samples are given. What was read beyond it begins the next. */
  private begin(): void {
    const all = joinBatches(this.parts);
    const rows = Math.min(this.size, this.read);
    const samples = sliceBatch(all, 0, rows);
    const order = Uint32Array.from({ length: rows }, (_, i) => i);
    new HostRandom(this.seed, streamOf(this.orderPass, this.window)).shuffle(order);
    this.present = { samples, order, start: this.start };
    this.parts = this.read > rows ? [sliceBatch(all, rows, this.read)] : [];
    this.read -= rows;
    // The rest, if there is one, is the end of the batch read last.
    this.start = this.read > 0 ? this.lastStart(this.read) : { up: this.cursor.position(), skip: 0 };
  }

  private last: { at: Position; skip: number; rows: number } | undefined;

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
    const own = sliceBatch(batch, this.skip, rows);
    this.last = { at, skip: this.skip, rows };
    this.skip = 0;
    this.parts.push(own);
    this.read += rowsOf(own);
    return true;
  }
}

/** A stream of random numbers for each window of each pass. */
function streamOf(pass: number, window: number): number {
  return (Math.imul(pass + 1, 0x9e3779b1) ^ Math.imul(window + 1, 0x85ebca6b)) >>> 0;
}
