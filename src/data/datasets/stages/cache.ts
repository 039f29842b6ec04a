import type { HostRandom } from "../../../util/index.ts";
import { type Batch, gatherBatch, joinBatches, rowsOf } from "../batch.ts";
import type { Cursor, Flow, Position } from "../flow.ts";
import { orderInPieces } from "./piece-order.ts";
import { withLength } from "./prefetch.ts";
import { readInOrder } from "./rows.ts";

/** Where batches are kept: in memory, or on a disk. */
export interface BatchStore {
  /** Batches that are there, from the first one on. */
  readonly count: number;
  /** Everything is there. */
  readonly complete: boolean;
  add(batch: Batch): Promise<void>;
  /** There is no more. */
  finish(): Promise<void>;
  /** Numbers of the batches with which the pieces begin that are read at once; of a complete store. */
  pieces(): readonly number[];
  /** @param order the numbers of all batches that will be asked for; default one after the other. */
  reader(order?: Uint32Array): BatchReader;
}

/** Gives the batches that a store has: fastest in the order that it was told. */
export interface BatchReader {
  get(index: number): Promise<Batch>;
  /** Takes a batch back, where its memory can serve again; false where it gave none like this. Stores without it hold on to their batches. */
  reuse?(batch: Batch): boolean;
  close(): Promise<void>;
}

/** Batches in memory. */
export class MemoryStore implements BatchStore {
  complete = false;
  private readonly batches: Batch[] = [];

  get count(): number {
    return this.batches.length;
  }

  async add(batch: Batch): Promise<void> {
    this.batches.push(batch);
  }

  async finish(): Promise<void> {
    this.complete = true;
  }

  pieces(): readonly number[] {
    return this.batches.map((_, i) => i);
  }

  reader(): BatchReader {
    return { get: async (index) => this.batches[index] as Batch, close: async () => undefined };
  }
}

/**
 * Keeps what the first pass gives; later passes read that. Samples in any order are kept one by one, when they are asked for first.
 */
export function cacheFlow(up: Flow, open: () => Promise<BatchStore>, inMemory: boolean): Flow {
  if (up.gather && inMemory && Number.isFinite(up.length)) return cachedRows(up, up.gather);
  let opened: Promise<BatchStore> | undefined;
  let filling: Promise<unknown> = Promise.resolve();
  let counted: number | undefined;
  /** Where a reading goes on that brings more: so many batches are kept. */
  let next: { count: number; at: Position } | undefined;
  const kept = `${up.description}, kept`;
  return {
    ...withLength(up),
    description: kept,
    get length() {
      return counted ?? up.length;
    },
    open: (_, position) => reading(position, undefined),
    // The end of what has none is never there.
    ...(up.length !== Number.POSITIVE_INFINITY && {
      openInPieces: (random: HostRandom, position: Position) => reading(position, random),
    }),
  };

  /** @param random draws an order of pieces, for which all must be there. */
  function reading(position: Position, random: HostRandom | undefined): Cursor {
    let { at = 0 } = (position ?? {}) as { at?: number };
    let order: Uint32Array | undefined;
    let rows = 0;
    let filler: Cursor | undefined;
    let filled = 0;
    let reader: BatchReader | undefined;
    /** Brings batches from above until the one at `at` is there, if nobody else has; gives it where it was just brought. */
    const fill = async (store: BatchStore): Promise<Batch | undefined> => {
      const isThere = () => !random && store.count > at;
      if (store.complete || isThere()) return undefined;
      if (!filler) {
        filler = up.open(0, next?.at);
        filled = next?.count ?? 0;
      }
      for (;;) {
        const batch = await filler.next();
        if (!batch) {
          await store.finish();
          return undefined;
        }
        if (filled++ < store.count) {
          filler.reuse?.(batch);
          continue;
        }
        await store.add(batch);
        next = { count: store.count, at: filler.position() };
        if (isThere()) return batch;
        if (random && store.reader().reuse) filler.reuse?.(batch);
      }
    };
    return {
      async next() {
        opened ??= open();
        const store = await opened;
        const own = filling.then(() => fill(store));
        filling = own.catch(() => undefined);
        const brought = await own;
        if (at >= store.count) {
          if (position === undefined) counted ??= rows;
          return undefined;
        }
        if (random) order ??= orderInPieces(store.pieces(), store.count, random);
        reader ??= store.reader(order?.subarray(at));
        const batch = brought ?? (await reader.get(order?.[at] ?? at));
        at++;
        rows += rowsOf(batch);
        return batch;
      },
      position: () => ({ at }),
      reuse(batch) {
        // What a store holds on to is nobody's memory.
        if (reader?.reuse && !reader.reuse(batch)) filler?.reuse?.(batch);
      },
      async close() {
        await filling;
        await Promise.all([reader?.close(), filler?.close()]);
      },
    };
  }
}

/** Samples kept one by one in blocks, so that any order finds them. */
function cachedRows(up: Flow, gather: NonNullable<Flow["gather"]>): Flow {
  const rows = new Map<number, Batch>();
  let working: Promise<unknown> = Promise.resolve();
  const cached: Flow["gather"] = (wanted) => {
    const own = working.then(() => found(wanted)); // one after the other, so that nothing is asked for twice
    working = own.catch(() => undefined);
    return own;
  };
  const found = async (wanted: ArrayLike<number>): Promise<Batch> => {
    const missing = [...new Set(Array.from(wanted))].filter((row) => !rows.has(row));
    if (missing.length > 0) {
      const fresh = await gather(missing, 0);
      missing.forEach((row, i) => {
        rows.set(row, gatherBatch(fresh, [i]));
      });
    }
    return joinBatches(Array.from(wanted, (row) => rows.get(row) as Batch));
  };
  return {
    ...withLength(up),
    description: `${up.description}, kept`,
    gather: cached,
    open: (pass, position) => readInOrder(up.length as number, cached, pass, position, up.batchSize),
  };
}
