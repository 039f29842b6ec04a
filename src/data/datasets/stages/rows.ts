import { fail } from "../../../util/index.ts";
import { type Batch, bytesPerRow, gatherBatch, handyRows, rowsOf, sliceBatch } from "../batch.ts";
import type { Cursor, Flow } from "../flow.ts";

/**
 * A flow of samples that can be had in any order, read in their own: `size` at a time, or as many as are handy; the next ones are asked for before
 * the present ones are there, so that whoever reads files and decodes never runs out of work at the end of a batch.
 */
export function readInOrder(
  length: number,
  gather: NonNullable<Flow["gather"]>,
  pass: number,
  position: unknown,
  size?: number,
): Cursor {
  let { at = 0 } = (position ?? {}) as { at?: number };
  let rows = size;
  let coming: { batch: Promise<Batch>; stop: number } | undefined;
  const ask = (start: number, count: number) => {
    const stop = Math.min(length, start + count);
    const batch = gather(range(start, stop), pass);
    batch.catch(() => undefined); // heard when its turn comes
    return { batch, stop };
  };
  return {
    async next() {
      if (at >= length) return undefined;
      rows ??= handyRows(bytesPerRow(await gather([at], pass)));
      const { batch, stop } = coming ?? ask(at, rows);
      coming = stop < length ? ask(stop, rows) : undefined;
      const samples = await batch;
      at = stop;
      return samples;
    },
    position: () => ({ at }),
    close: async () => void (await coming?.batch.catch(() => undefined)),
  };
}

/** start, start + 1, ... stop - 1. */
export function range(start: number, stop: number): Float64Array {
  return Float64Array.from({ length: stop - start }, (_, i) => start + i);
}

/** Whether numbers follow one another, as those of a slice do. */
export function areInOrder(rows: ArrayLike<number>): boolean {
  for (let i = 1; i < rows.length; i++) if (rows[i] !== (rows[i - 1] as number) + 1) return false;
  return true;
}

/** Cuts what comes after so many samples have passed, or before. */
export function takeFlow(up: Flow, count: number): Flow {
  const { gather } = up;
  return {
    description: `${up.description}, the first ${count}`,
    get length() {
      return up.length === undefined ? undefined : Math.min(up.length, count);
    },
    batchSize: up.batchSize,
    gather,
    open(pass, position) {
      const given = position as { left: number; up: unknown } | undefined;
      let left = given?.left ?? count;
      const cursor = up.open(pass, given?.up);
      return {
        async next() {
          const batch = left > 0 ? await cursor.next() : undefined;
          if (!batch) return undefined;
          const rows = Math.min(left, rowsOf(batch));
          left -= rows;
          return sliceBatch(batch, 0, rows);
        },
        position: () => ({ left, up: cursor.position() }),
        reuse: (batch) => cursor.reuse?.(batch),
        close: () => cursor.close(),
      };
    },
  };
}

/** Leaves out the first samples. */
export function skipFlow(up: Flow, count: number): Flow {
  const gather = up.gather;
  const lengthOf = () => (up.length === undefined ? undefined : Math.max(0, up.length - count));
  const description = `${up.description}, without the first ${count}`;
  if (gather) {
    const later: Flow["gather"] = (rows, pass) =>
      gather(
        Float64Array.from(rows, (row) => row + count),
        pass,
      );
    return {
      description,
      get length() {
        return lengthOf();
      },
      batchSize: up.batchSize,
      gather: later,
      open: (pass, position) => readInOrder(lengthOf() as number, later, pass, position, up.batchSize),
    };
  }
  return {
    description,
    get length() {
      return lengthOf();
    },
    open(pass, position) {
      const given = position as { left: number; up: unknown } | undefined;
      let left = given?.left ?? count;
      const cursor = up.open(pass, given?.up);
      return {
        async next() {
          for (;;) {
            const batch = await cursor.next();
            if (!batch) return undefined;
            const rows = rowsOf(batch);
            const skipped = Math.min(left, rows);
            left -= skipped;
            if (skipped < rows) return sliceBatch(batch, skipped, rows);
          }
        },
        position: () => ({ left, up: cursor.position() }),
        close: () => cursor.close(),
      };
    },
  };
}

/** The samples of these numbers, in this order. */
export function selectFlow(up: Flow, chosen: ArrayLike<number>): Flow {
  const { gather } = up;
  if (!gather) {
    fail("select got samples that come in their own order", "arrays, images or token files", "filter, or cache first");
  }
  const rows = Float64Array.from(chosen);
  const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= (up.length ?? 0));
  if (wrong !== undefined) fail(`select got sample ${wrong}`, `whole numbers from 0 to ${(up.length ?? 0) - 1}`);
  const own: Flow["gather"] = (wanted, pass) =>
    gather(
      Float64Array.from(wanted, (row) => rows[row] as number),
      pass,
    );
  return {
    description: `${up.description}, ${rows.length} chosen (${fingerprint(rows)})`,
    length: rows.length,
    batchSize: up.batchSize,
    gather: own,
    open: (pass, position) => readInOrder(rows.length, own, pass, position, up.batchSize),
  };
}

/** 32-bit FNV-1a over numbers: tells other choices from the same. */
function fingerprint(rows: Float64Array): string {
  const hash = rows.reduce((before, row) => Math.imul(before ^ row, 0x01000193), 0x811c9dc5);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Every `world`-th sample, beginning with sample `rank`: together the shares of all ranks are everything, and none is in two. */
export function shardFlow(up: Flow, rank: number, world: number): Flow {
  const gather = up.gather;
  const lengthOf = () => (up.length === undefined ? undefined : Math.max(0, Math.ceil((up.length - rank) / world)));
  const description = `${up.description}, share ${rank} of ${world}`;
  if (gather) {
    const own: Flow["gather"] = (rows, pass) =>
      gather(
        Float64Array.from(rows, (row) => row * world + rank),
        pass,
      );
    return {
      description,
      get length() {
        return lengthOf();
      },
      gather: own,
      open: (pass, position) => readInOrder(lengthOf() as number, own, pass, position),
    };
  }
  return {
    description,
    get length() {
      return lengthOf();
    },
    open(pass, position) {
      const given = position as { at: number; up: unknown } | undefined;
      let at = given?.at ?? 0; // samples that have passed
      const cursor = up.open(pass, given?.up);
      return {
        async next() {
          for (;;) {
            const batch = await cursor.next();
            if (!batch) return undefined;
            const rows = rowsOf(batch);
            const first = (((rank - at) % world) + world) % world;
            at += rows;
            if (first < rows) return everyNth(batch, first, world);
          }
        },
        position: () => ({ at, up: cursor.position() }),
        close: () => cursor.close(),
      };
    },
  };
}

function everyNth(batch: Batch, first: number, step: number): Batch {
  const rows = rowsOf(batch);
  const chosen = Uint32Array.from({ length: Math.ceil((rows - first) / step) }, (_, i) => first + i * step);
  return gatherBatch(batch, chosen);
}
