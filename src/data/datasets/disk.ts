import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../util/index.ts";
import { removeUnlessDone, writeFileAtomic } from "../../util/node.ts";
import { type DenseArray, isDenseArray, type NumberArray } from "../arrays.ts";
import type { Batch, BatchColumn } from "./batch.ts";
import { indexText, type KeptBatch, type KeptColumn, readIndex, sha256, TYPES } from "./kept-index.ts";
import type { BatchStore } from "./stages/cache.ts";

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
  if (kept) return new DiskStore(data, index, description, kept, true);
  await rm(index, { force: true });
  const beside = join(folder, `.batches-${process.pid}-${randomBytes(4).toString("hex")}.bin`);
  return new DiskStore(data, index, description, [], false, beside);
}

class DiskStore implements BatchStore {
  private size = 0;
  private done = (): void => undefined;

  constructor(
    private readonly data: string,
    private readonly index: string,
    private readonly description: string,
    private readonly batches: KeptBatch[],
    public complete: boolean,
    /** Where batches go until all are there. */
    private readonly beside?: string,
  ) {}

  get count(): number {
    return this.batches.length;
  }

  async add(batch: Batch): Promise<void> {
    const parts = Object.entries(batch).map(([name, column]) => encoded(name, column));
    const bytes = Buffer.concat(parts.map(({ bytes }) => bytes));
    if (this.batches.length === 0) this.done = removeUnlessDone(this.beside as string);
    const file = await open(this.beside as string, "a");
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    this.batches.push({ offset: this.size, sha256: sha256(bytes), columns: parts.map(({ column }) => column) });
    this.size += bytes.length;
  }

  async finish(): Promise<void> {
    if (this.batches.length > 0) await rename(this.beside as string, this.data);
    this.done();
    await writeFileAtomic(this.index, indexText(this.description, this.batches));
    this.complete = true;
  }

  async get(at: number): Promise<Batch> {
    const { offset, sha256: sum, columns } = this.batches[at] as KeptBatch;
    const path = this.complete ? this.data : (this.beside as string);
    const bytes = Buffer.alloc(columns.reduce((total, column) => total + column.bytes, 0));
    const file = await open(path, "r");
    try {
      await file.read(bytes, 0, bytes.length, offset);
    } finally {
      await file.close();
    }
    if (sha256(bytes) !== sum) {
      fail(
        `${path} is damaged: the checksum of batch ${at + 1} is wrong`,
        "what was kept",
        "remove it: it is made again",
      );
    }
    let start = 0;
    return Object.fromEntries(
      columns.map((column): [string, BatchColumn] => {
        const own = bytes.subarray(start, start + column.bytes);
        start += column.bytes;
        return [column.name, decoded(own, column)];
      }),
    );
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
  if (list.some((value) => value !== null && !["string", "number", "boolean"].includes(typeof value))) {
    fail(`the column "${name}" holds what a file can't keep`, "numbers and texts", "cache() keeps anything in memory");
  }
  const bytes = new TextEncoder().encode(JSON.stringify(list));
  return { bytes, column: { name, type: "list", shape: [list.length], bytes: bytes.length } };
}

function decoded(bytes: Uint8Array, { type, shape }: KeptColumn): BatchColumn {
  if (type === "list") return JSON.parse(new TextDecoder().decode(bytes)) as unknown[];
  const copy = new Uint8Array(bytes); // aligned
  const Type = TYPES[type] as new (buffer: ArrayBuffer) => NumberArray;
  return { data: new Type(copy.buffer), shape };
}
