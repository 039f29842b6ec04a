import { open } from "node:fs/promises";
import { fail } from "../../util/index.ts";
import type { NumberArray } from "../arrays.ts";
import type { Batch, BatchColumn } from "./batch.ts";
import { ALIGNMENT, type KeptBatch, type KeptColumn, sha256, TYPES } from "./kept-index.ts";
import type { BatchReader } from "./stages/cache.ts";

/** Bytes that are read at once, where several batches lie side by side: one such piece is in use while the next one is read. */
const PIECE = 1 << 22;

/** Pieces whose memory is kept for later ones. */
const SPARE = 3;

/** Batches that lie side by side, from the number `first` to before `stop`. */
interface Piece {
  readonly first: number;
  readonly stop: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Batches of it that somebody holds, or will. */
  held: number;
}

/** Reads the batches of a file, one after the other, in pieces that are read ahead. Their numbers stay where they were read. */
export class DiskReader implements BatchReader {
  private present: Piece | undefined;
  private following: { readonly first: number; readonly piece: Promise<Piece> } | undefined;
  /** Weakly: who gives no batch back must not have all of the file kept in memory. */
  private readonly lent = new WeakMap<Batch, Piece>();
  private readonly spare: Uint8Array<ArrayBuffer>[] = [];

  constructor(
    private readonly path: () => string,
    private readonly batches: readonly KeptBatch[],
    /** Numbers of the batches that need no check. */
    private readonly sound: Set<number>,
  ) {}

  async get(at: number): Promise<Batch> {
    let piece = this.present;
    if (!piece || at < piece.first || at >= piece.stop) {
      const { following } = this;
      this.following = undefined;
      const expected = following?.first === at ? following.piece : undefined;
      await (expected ? undefined : following?.piece.catch(() => undefined));
      piece = await (expected ?? this.read(at));
      this.present = piece;
      this.readAhead(piece.stop);
    }
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
    await this.following?.piece.catch(() => undefined);
  }

  private check(at: number, bytes: Uint8Array): void {
    if (this.sound.has(at)) return;
    if (sha256(bytes) !== (this.batches[at] as KeptBatch).sha256) {
      const what = `${this.path()} is damaged: the checksum of batch ${at + 1} is wrong`;
      fail(what, "what was kept", "remove it: it is made again");
    }
    this.sound.add(at);
  }

  private readAhead(first: number): void {
    if (first >= this.batches.length) return;
    const piece = this.read(first);
    piece.catch(() => undefined); // told to who asks for it
    this.following = { first, piece };
  }

  /** The batch of a number, and those that lie behind it as far as a piece reaches. */
  private async read(first: number): Promise<Piece> {
    const { batches } = this;
    const begin = (batches[first] as KeptBatch).offset;
    let [stop, length] = [first, 0];
    for (; stop < batches.length; stop++) {
      const { offset, columns } = batches[stop] as KeptBatch;
      const end = offset + sizeOf(columns) - begin;
      const isBeside = offset >= begin + length && offset < begin + length + ALIGNMENT;
      if (stop > first && !(isBeside && end <= PIECE)) break;
      length = end;
    }
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
    return { first, stop, bytes, held: stop - first };
  }

  private memory(length: number): Uint8Array<ArrayBuffer> {
    const own = this.spare.pop();
    return own && own.length >= length ? own : new Uint8Array(Math.max(length, length > PIECE / 2 ? PIECE : 0));
  }
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
