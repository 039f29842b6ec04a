import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../util/index.ts";
import { removeUnlessDone, writeFileAtomic } from "../../util/node.ts";
import { type DenseArray, isDenseArray } from "../arrays.ts";
import type { Batch, BatchColumn } from "./batch.ts";
import { DiskReader, piecesOf } from "./disk-reader.ts";
import { ALIGNMENT, indexText, type KeptBatch, type KeptColumn, readIndex, sha256, type TYPES } from "./kept-index.ts";
import type { BatchReader, BatchStore } from "./stages/cache.ts";

/**
 * Batches in a folder: `batches.bin` holds their numbers one after the other, `batches.json`, written when all are there, their places and
 * checksums. Batches of another dataset are replaced.
 *
 * @throws DescentError for a `batches.json` that is damaged or none of ours.
 */
export async function diskStore(folder: string, description: string): Promise<BatchStore> {
  await mkdir(folder, { recursive: true });
  const [data, index] = [join(folder, "batches.bin"), join(folder, "batches.json")];
  const kept = await readIndex(index, data, description);
  if (kept) return new DiskStore(data, data, { index, description }, kept, true);
  await rm(index, { force: true });
  const beside = join(folder, `.batches-${process.pid}-${randomBytes(4).toString("hex")}.bin`);
  return new DiskStore(data, beside, { index, description }, [], false);
}

/** Batches in a file that only this process reads, without an index and checksums; whoever removes the folder removes it. */
export async function passingStore(folder: string): Promise<BatchStore> {
  await mkdir(folder, { mode: 0o700, recursive: true });
  const file = join(folder, `kept-${randomBytes(6).toString("hex")}.bin`);
  return new DiskStore(file, file, undefined, [], false);
}

class DiskStore implements BatchStore {
  private size = 0;
  private done = (): void => undefined;
  /** Numbers of the batches that this process wrote, or has found whole: they are not checked again. */
  private readonly sound = new Set<number>();

  constructor(
    /** Where batches lie once all are there. */
    private readonly data: string,
    /** Where they lie until then. */
    private place: string,
    /** What another process finds the batches by. */
    private readonly known: { readonly index: string; readonly description: string } | undefined,
    private readonly batches: KeptBatch[],
    public complete: boolean,
  ) {}

  get count(): number {
    return this.batches.length;
  }

  async add(batch: Batch): Promise<void> {
    const { batches, place, known } = this;
    const parts = Object.entries(batch).map(([name, column]) => encoded(name, column));
    const bytes = parts.map((part) => part.bytes);
    const length = bytes.reduce((sum, each) => sum + each.length, 0);
    const padding = new Uint8Array(-length & (ALIGNMENT - 1));
    if (batches.length === 0) this.done = removeUnlessDone(place);
    try {
      const file = await open(place, "a");
      try {
        await file.writeFile(Buffer.concat([...bytes, padding]));
      } finally {
        await file.close();
      }
    } catch (error) {
      fail(`${place} can't be written: ${(error as Error).message}`, "room for what is kept of the data");
    }
    this.sound.add(batches.length);
    const sum = known ? sha256(...bytes) : "";
    batches.push({ offset: this.size, sha256: sum, columns: parts.map(({ column }) => column) });
    this.size += length + padding.length;
  }

  async finish(): Promise<void> {
    const { known, data, place, batches } = this;
    if (known) {
      if (batches.length > 0) await rename(place, data);
      this.place = data;
      await writeFileAtomic(known.index, indexText(known.description, batches));
    }
    this.done();
    this.complete = true;
  }

  pieces(): readonly number[] {
    return piecesOf(this.batches);
  }

  reader(order?: Uint32Array): BatchReader {
    return new DiskReader(() => this.place, this.batches, this.sound, order);
  }
}

function encoded(name: string, column: BatchColumn): { bytes: Uint8Array; column: KeptColumn } {
  if (isDenseArray(column)) {
    const { data, shape } = column as DenseArray;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const type = data.constructor.name as keyof typeof TYPES;
    return { bytes, column: { name, type, shape, bytes: bytes.length } };
  }
  const list = column as readonly unknown[];
  if (!list.every(isPlain)) {
    fail(
      `the column "${name}" holds what a file can't keep`,
      "numbers, texts and lists of them",
      "cache() keeps anything in memory",
    );
  }
  const bytes = new TextEncoder().encode(JSON.stringify(list));
  return { bytes, column: { name, type: "list", shape: [list.length], bytes: bytes.length } };
}

/** Whether JSON gives the very same back. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
}
