import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../util/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { type DenseArray, isDenseArray, type NumberArray } from "../arrays.ts";
import type { Batch, BatchColumn } from "./batch.ts";
import type { BatchStore } from "./stages/cache.ts";

/** Types of numbers that are kept; the number of each stands in the index. */
const TYPES = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
} as const;

interface KeptColumn {
  readonly name: string;
  readonly type: keyof typeof TYPES | "list";
  readonly shape: readonly number[];
  readonly bytes: number;
}

interface KeptBatch {
  readonly offset: number;
  readonly sha256: string;
  readonly columns: readonly KeptColumn[];
}

interface Index {
  readonly format: "descent-batches";
  readonly description: string;
  readonly batches: readonly KeptBatch[];
}

/**
 * Batches in a folder: `batches.bin` holds their numbers one after the other, `batches.json`, written when all are there, their places and
 * checksums. Batches of another dataset are replaced.
 */
export async function diskStore(folder: string, description: string): Promise<BatchStore> {
  await mkdir(folder, { recursive: true });
  const [data, index] = [join(folder, "batches.bin"), join(folder, "batches.json")];
  const kept = await indexIn(index, description);
  if (kept) return new DiskStore(data, index, description, [...kept.batches], true);
  await rm(index, { force: true });
  const beside = join(folder, `.batches-${process.pid}-${randomBytes(4).toString("hex")}.bin`);
  return new DiskStore(data, index, description, [], false, beside);
}

async function indexIn(path: string, description: string): Promise<Index | undefined> {
  try {
    const index = JSON.parse(await readFile(path, "utf8")) as Index;
    return index.format === "descent-batches" && index.description === description ? index : undefined;
  } catch {
    return undefined; // not there, or not whole: made again
  }
}

class DiskStore implements BatchStore {
  private size = 0;

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
    const index: Index = { format: "descent-batches", description: this.description, batches: this.batches };
    await writeFileAtomic(this.index, JSON.stringify(index));
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

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
