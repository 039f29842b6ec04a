import { open } from "node:fs/promises";
import { fail, invariant } from "../../util/index.ts";
import type { NumberArray } from "../arrays.ts";
import type { Batch, BatchColumn } from "./batch.ts";
import { ALIGNMENT, type KeptBatch, type KeptColumn, sha256, TYPES } from "./kept-index.ts";
import type { BatchReader } from "./stages/cache.ts";

/** Bytes that are read at once, where several batches lie side by side: one such piece is in use while the next one is read. */
const PIECE = 1 << 22;

/** The same in another order than that of the file: some pieces are in use at a time, which together stay in a processor's cache. */
const SMALL_PIECE = 1 << 20;

/** Pieces whose memory is kept for later ones. */
const SPARE = 3;

/** Batches that lie side by side, from the number `first` to before `stop`. */
interface Piece {
  readonly first: number;
  readonly stop: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Batches of it that somebody holds, or will. */
  held: number;
  /** Those that nobody has asked for yet. */
  left: number;
}

/** Pieces that are read ahead, where batches are not read one after the other: two may be used up at almost the same time. */
const AHEAD = 2;

/** A piece to be read, and how many of its batches will be asked for. */
interface Coming {
  readonly first: number;
  readonly count?: number | undefined;
}

/**
 * Reads the batches of a file in pieces that are read ahead: one after the other, or in another order, such that few pieces are in use at a
 * time. Their numbers stay where they were read.
 */
export class DiskReader implements BatchReader {
  private present: Piece[] = [];
  private following: { readonly first: number; readonly piece: Promise<Piece> }[] = [];
  /** In another order: the pieces that are still to be read, the next one last. */
  private readonly coming: Coming[] | undefined;
  private readonly starts: readonly number[] = [];
  /** Weakly: who gives no batch back must not have all of the file kept in memory. */
  private readonly lent = new WeakMap<Batch, Piece>();
  private readonly spare: Uint8Array<ArrayBuffer>[] = [];

  /** @param order the numbers of all batches that will be asked for, where that is not one after the other. */
  constructor(
    private readonly path: () => string,
    private readonly batches: readonly KeptBatch[],
    /** Numbers of the batches that need no check. */
    private readonly sound: Set<number>,
    order?: Uint32Array,
  ) {
    if (!order) return;
    this.starts = piecesOf(batches);
    const counts = new Map<number, number>();
    for (const at of order) {
      const first = this.startOf(at);
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    this.coming = Array.from(counts, ([first, count]) => ({ first, count })).reverse();
  }

  async get(at: number): Promise<Batch> {
    const piece = this.present.find(({ first, stop }) => at >= first && at < stop) ?? (await this.piece(at));
    if (this.coming && --piece.left === 0) this.present = this.present.filter((each) => each !== piece);
    const { offset, columns } = this.batches[at] as KeptBatch;
    const begin = offset - (this.batches[piece.first] as KeptBatch).offset;
    const bytes = piece.bytes.subarray(begin, begin + sizeOf(columns));
    this.check(at, bytes);
    let start = 0;
    const batch = Object.fromEntries(
      columns.map((column): [string, BatchColumn] => {
        const own = bytes.subarray(start, start + column.bytes);
        start += column.bytes;
        return [column.name, decoded(own, column)];
      }),
    );
    this.lent.set(batch, piece);
    return batch;
  }

  reuse(batch: Batch): boolean {
    const piece = this.lent.get(batch);
    if (!piece) return false;
    this.lent.delete(batch);
    piece.held--;
    if (piece.held === 0 && this.spare.length < SPARE) this.spare.push(piece.bytes);
    return true;
  }

  async close(): Promise<void> {
    await Promise.all(this.following.map(({ piece }) => piece.catch(() => undefined)));
  }

  private check(at: number, bytes: Uint8Array): void {
    if (this.sound.has(at)) return;
    if (sha256(bytes) !== (this.batches[at] as KeptBatch).sha256) {
      const what = `${this.path()} is damaged: the checksum of batch ${at + 1} is wrong`;
      fail(what, "what was kept", "remove it: it is made again");
    }
    this.sound.add(at);
  }

  /** The piece in which a batch lies; the next ones begin to be read. */
  private async piece(at: number): Promise<Piece> {
    const { coming, present } = this;
    const next = this.following.shift();
    const first = coming ? this.startOf(at) : at;
    const isExpected = next?.first === first;
    if (!isExpected) await next?.piece.catch(() => undefined);
    const piece = await (isExpected ? next.piece : this.read(coming?.pop() ?? { first }));
    invariant(at >= piece.first && at < piece.stop, "batches are asked for in the order that was told");
    this.present = coming ? [...present, piece] : [piece];
    if (!coming) this.readAhead({ first: piece.stop });
    else while (this.following.length < AHEAD && coming.length > 0) this.readAhead(coming.pop() as Coming);
    return piece;
  }

  private readAhead(coming: Coming): void {
    if (coming.first >= this.batches.length) return;
    const piece = this.read(coming);
    piece.catch(() => undefined); // told to who asks for it
    this.following.push({ first: coming.first, piece });
  }

  /** Where the piece begins in which a batch lies. */
  private startOf(at: number): number {
    const { starts } = this;
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle;
    }
    return starts[low] as number;
  }

  private async read({ first, count }: Coming): Promise<Piece> {
    const { begin, stop, length } = pieceAt(this.batches, first, this.coming ? SMALL_PIECE : PIECE);
    const bytes = this.memory(length);
    const file = await open(this.path(), "r");
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, begin + done);
        if (bytesRead === 0) fail(`${this.path()} is cut short`, "what was kept", "remove it: it is made again");
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
    const left = count ?? stop - first;
    return { first, stop, bytes, held: left, left };
  }

  private memory(length: number): Uint8Array<ArrayBuffer> {
    const own = this.spare.pop();
    return own && own.length >= length ? own : new Uint8Array(Math.max(length, length > PIECE / 2 ? PIECE : 0));
  }
}

/** Numbers of the batches with which the pieces begin that are read in another order than that of the file. */
export function piecesOf(batches: readonly KeptBatch[]): number[] {
  const starts: number[] = [];
  for (let first = 0; first < batches.length; first = pieceAt(batches, first, SMALL_PIECE).stop) starts.push(first);
  return starts;
}

/** The batch of a number, and those that lie behind it as far as a piece reaches. */
function pieceAt(
  batches: readonly KeptBatch[],
  first: number,
  most: number,
): { begin: number; stop: number; length: number } {
  const begin = (batches[first] as KeptBatch).offset;
  let [stop, length] = [first, 0];
  for (; stop < batches.length; stop++) {
    const { offset, columns } = batches[stop] as KeptBatch;
    const end = offset + sizeOf(columns) - begin;
    const isBeside = offset >= begin + length && offset < begin + length + ALIGNMENT;
    if (stop > first && !(isBeside && end <= most)) break;
    length = end;
  }
  return { begin, stop, length };
}

function sizeOf(columns: readonly KeptColumn[]): number {
  return columns.reduce((total, column) => total + column.bytes, 0);
}

function decoded(bytes: Uint8Array<ArrayBuffer>, { type, shape }: KeptColumn): BatchColumn {
  if (type === "list") return JSON.parse(new TextDecoder().decode(bytes)) as unknown[];
  const Type = TYPES[type] as new (buffer: ArrayBuffer, offset: number, length: number) => NumberArray;
  const { BYTES_PER_ELEMENT: size } = TYPES[type];
  const own = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return { data: new Type(own.buffer, own.byteOffset, own.length / size), shape };
}
