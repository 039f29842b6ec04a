import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { fail, product } from "../../util/index.ts";

/** Types of numbers that are kept; the index names the one of each column. */
export const TYPES = {
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

/** Batches begin at multiples of so many bytes, so that their numbers can be used where they were read. */
export const ALIGNMENT = 8;

export interface KeptColumn {
  readonly name: string;
  readonly type: keyof typeof TYPES | "list";
  readonly shape: readonly number[];
  readonly bytes: number;
}

export interface KeptBatch {
  readonly offset: number;
  readonly sha256: string;
  readonly columns: readonly KeptColumn[];
}

const FORMAT = "descent-batches";

/** The index as a file: its contents are one text, whose checksum stands beside it. */
export function indexText(description: string, batches: readonly KeptBatch[]): string {
  const contents = JSON.stringify({ description, batches });
  return JSON.stringify({ format: FORMAT, sha256: sha256(contents), contents });
}

/**
 * The batches that an index tells of; undefined where there is none, or one of another dataset.
 *
 * @param data the file of their numbers, in which every batch must lie.
 * @throws DescentError for a file that is no index, is damaged, or tells of what does not fit `data`.
 */
export async function readIndex(path: string, data: string, description: string): Promise<KeptBatch[] | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    return fail(`${path} cannot be read: ${error.message}`, "a file");
  });
  if (text === undefined) return undefined;
  const file = parsed(text);
  const { format, sha256: sum, contents } = (file ?? {}) as Record<string, unknown>;
  if (format !== FORMAT || typeof contents !== "string") refuse(path, "is no index of kept batches");
  if (sha256(contents as string) !== sum) refuse(path, "is damaged: its checksum is wrong");
  const index = (parsed(contents as string) ?? {}) as { description?: unknown; batches?: unknown };
  if (index.description !== description) return undefined;
  const size = (await stat(data).catch(() => undefined))?.size ?? 0;
  const { batches } = index;
  if (!Array.isArray(batches) || !batches.every((batch) => isBatch(batch, size))) {
    refuse(path, `tells of batches that ${data} does not hold`);
  }
  return batches as KeptBatch[];
}

function refuse(path: string, what: string): never {
  return fail(`${path} ${what}`, "what cache wrote", "remove the folder: it is made again");
}

/** A checksum tells damage, not who wrote it: no batch may claim more than the file has. */
function isBatch(value: unknown, size: number): value is KeptBatch {
  const { offset, sha256: sum, columns } = (value ?? {}) as Partial<KeptBatch>;
  if (!isCount(offset) || typeof sum !== "string" || !Array.isArray(columns)) return false;
  if (!columns.every(isColumn)) return false;
  return offset + columns.reduce((total, { bytes }) => total + bytes, 0) <= size;
}

function isColumn(value: unknown): value is KeptColumn {
  const { name, type, shape, bytes } = (value ?? {}) as Partial<KeptColumn>;
  if (typeof name !== "string" || !isCount(bytes) || !Array.isArray(shape) || !shape.every(isCount)) return false;
  if (type === "list") return shape.length === 1;
  if (typeof type !== "string" || !Object.hasOwn(TYPES, type)) return false;
  return shape.length > 0 && product(shape) * TYPES[type].BYTES_PER_ELEMENT === bytes;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of all parts one after the other, in hexadecimal. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
