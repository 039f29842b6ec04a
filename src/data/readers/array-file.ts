import { type FileHandle, open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { fail, product } from "../../util/index.ts";
import type { DenseArray } from "../arrays.ts";
import type { Batch, BatchColumn } from "../datasets/batch.ts";
import { sameKind } from "../datasets/batch.ts";
import type { Flow } from "../datasets/flow.ts";
import { areInOrder, readInOrder } from "../datasets/stages/rows.ts";
import { bytesOf, decodeElements, type Element } from "./elements.ts";
import { type ArrayPlace, idxHeader, npyHeader, safetensorsHeader, safetensorsHeaderLength } from "./headers.ts";

/** Bytes of a file that may be unpacked. */
export const MOST_UNPACKED = 2 ** 30;

/** Longest header of .npy and IDX that is looked for. */
const HEAD = 1 << 16;

/** An array in a file, or in bytes. */
export interface ArrayFile {
  readonly name: string;
  readonly place: ArrayPlace;
  /** Bytes from `start` on; of a file they are read now. */
  read(start: number, length: number): Promise<Uint8Array>;
}

type Header = (head: Uint8Array, size: number, name: string) => ArrayPlace;

export const npyFile = (path: string) => arrayFile(path, npyHeader);
export const idxFile = (path: string) => arrayFile(path, idxHeader);

/** A file that holds one array; one that ends in .gz is unpacked into memory. */
async function arrayFile(path: string, header: Header): Promise<ArrayFile> {
  if (path.endsWith(".gz")) {
    const whole = await openedFile(path, (file, size) => readAt(file, 0, size, path));
    return inMemory(await unpacked(whole, path, header), path, header);
  }
  const [head, size] = await openedFile(path, async (file, size) => [
    await readAt(file, 0, Math.min(size, HEAD), path),
    size,
  ]);
  return { name: path, place: header(head, size, path), read: (start, length) => readRange(path, start, length) };
}

/** A file of nothing but numbers, little-endian. */
export function fileOfNumbers(path: string, element: Element): Promise<ArrayFile> {
  if (path.endsWith(".gz")) fail(`${path} is packed`, "a raw file of numbers", "unpack it");
  return arrayFile(path, (_, size) => {
    const bytes = bytesOf(element);
    if (size % bytes !== 0) fail(`${path} has ${size} bytes`, `numbers of ${bytes} bytes`);
    return { element, bigEndian: false, shape: [size / bytes], offset: 0 };
  });
}

/** An array in bytes. */
export function inMemory(bytes: Uint8Array, name: string, header: Header): ArrayFile {
  const place = header(bytes, bytes.length, name);
  return { name, place, read: async (start, length) => bytes.subarray(start, start + length) };
}

/** The arrays of a safetensors file by name. */
export async function safetensorsFiles(path: string): Promise<Map<string, ArrayFile>> {
  const places = await openedFile(path, async (file, size) => {
    const length = safetensorsHeaderLength(await readAt(file, 0, Math.min(size, 8), path), size, path);
    return safetensorsHeader(await readAt(file, 0, length, path), size, path);
  });
  const read = (start: number, length: number) => readRange(path, start, length);
  return new Map([...places].map(([tensor, place]) => [tensor, { name: `${path}: ${tensor}`, place, read }]));
}

/** All numbers of an array. */
export async function readWhole({ name, place, read }: ArrayFile): Promise<DenseArray> {
  const { element, bigEndian, shape, offset } = place;
  const bytes = await read(offset, product(shape) * bytesOf(element));
  return { data: decodeElements(bytes, element, bigEndian, name), shape };
}

/** Rows of arrays in files, read when they are asked for. */
export function arrayFlow(files: ReadonlyMap<string, ArrayFile>, description: string): Flow {
  const lengths = [...files.values()].map(({ place }) => place.shape[0]);
  const [length = 0] = lengths;
  [...files].forEach(([name], i) => {
    if (lengths[i] === undefined) fail(`${description}: ${name} is a single number`, "samples along the first axis");
    if (lengths[i] !== length)
      fail(`${description}: ${name} has ${lengths[i]} samples`, `${length}, as the first array`);
  });
  const gather = async (rows: ArrayLike<number>): Promise<Batch> =>
    Object.fromEntries(
      await Promise.all([...files].map(async ([name, file]) => [name, await rowsOf(file, rows)] as const)),
    );
  return { description, length, gather, open: (pass, position) => readInOrder(length, gather, pass, position) };
}

async function rowsOf({ name, place, read }: ArrayFile, rows: ArrayLike<number>): Promise<BatchColumn> {
  const { element, bigEndian, shape, offset } = place;
  const [, ...rowShape] = shape;
  const bytes = product(rowShape) * bytesOf(element);
  const decode = (part: Uint8Array) => decodeElements(part, element, bigEndian, name);
  const all = [rows.length, ...rowShape];
  if (areInOrder(rows)) {
    return { data: decode(await read(offset + (rows[0] ?? 0) * bytes, rows.length * bytes)), shape: all };
  }
  const parts = await Promise.all(Array.from(rows, (row) => read(offset + row * bytes, bytes)));
  const decoded = parts.map(decode);
  const data = sameKind(decoded[0] as ReturnType<typeof decode>, product(all));
  decoded.forEach((part, i) => {
    data.set(part, i * part.length);
  });
  return { data, shape: all };
}

/** Handles of files that are read from again and again; let go of when nothing asks any more. */
const handles = new Map<string, { file: Promise<FileHandle>; users: number; timer: NodeJS.Timeout | undefined }>();

export async function readRange(path: string, start: number, length: number): Promise<Uint8Array> {
  let entry = handles.get(path);
  if (!entry) {
    entry = { file: openPath(path), users: 0, timer: undefined };
    handles.set(path, entry);
    entry.file.catch(() => handles.delete(path));
  }
  const { file } = entry;
  clearTimeout(entry.timer);
  entry.users++;
  try {
    return await readAt(await file, start, length, path);
  } finally {
    entry.users--;
    if (entry.users === 0) {
      entry.timer = setTimeout(() => {
        handles.delete(path);
        file.then((handle) => handle.close()).catch(() => undefined);
      }, 100);
      entry.timer.unref();
    }
  }
}

/** Reads bytes of a file. */
export type Read = (start: number, length: number) => Promise<Uint8Array>;

/** Bytes that are few, and bytes that are read instead where few are asked for beside what was read last. */
const FEW = 1 << 12;
const PIECE = 1 << 16;

/**
 * Reads a file of `size` bytes, no further than its end; asks for pieces of it where many small parts are read that lie side by side. For one who
 * reads: a file that changes is not noticed.
 */
export function inPieces(read: Read, size: number): Read {
  let piece: { start: number; bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };
  return async (start, length) => {
    const count = Math.min(length, size - start);
    if (count > FEW) return read(start, count);
    const at = start - piece.start;
    if (at >= 0 && at + count <= piece.bytes.length) return piece.bytes.slice(at, at + count);
    const isBeside = at > 0 && at <= piece.bytes.length;
    const bytes = await read(start, isBeside ? Math.min(PIECE, size - start) : count);
    piece = { start, bytes };
    return bytes.slice(0, count);
  };
}

export async function readAt(file: FileHandle, start: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, start + at);
    if (bytesRead === 0) fail(`${path} ended while it was read`, `${length} bytes from ${start} on`);
    at += bytesRead;
  }
  return bytes;
}

export async function openedFile<T>(path: string, work: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const file = await openPath(path);
  try {
    const facts = await file.stat();
    if (!facts.isFile()) fail(`${path} is no file`, "a file");
    return await work(file, facts.size);
  } finally {
    await file.close();
  }
}

function openPath(path: string): Promise<FileHandle> {
  return open(path, "r").catch((error: { code?: string; message: string }) =>
    fail(error.code === "ENOENT" ? `there is no file ${path}` : `${path} cannot be read: ${error.message}`, "a file"),
  );
}

/** What a .gz file holds: as many bytes as the header at its beginning tells of, and not more, whatever it would unpack to. */
async function unpacked(bytes: Uint8Array, path: string, header: Header): Promise<Uint8Array> {
  const place = header(await inflated(bytes, HEAD, path, true), Number.NaN, path);
  const size = place.offset + product(place.shape) * bytesOf(place.element);
  if (size > MOST_UNPACKED) fail(`${path} would take ${size} bytes unpacked`, "at most 1 GiB", "unpack it on the disk");
  return inflated(bytes, size, path, false);
}

/** The first bytes of what was packed, or all of them, which must not be more. */
function inflated(bytes: Uint8Array, most: number, path: string, beginning: boolean): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const gunzip = createGunzip({ chunkSize: 1 << 16 });
    const parts: Uint8Array[] = [];
    let size = 0;
    const end = (why?: string) => {
      gunzip.destroy();
      if (why === undefined) return resolve(Buffer.concat(parts));
      try {
        fail(`${path} cannot be unpacked: ${why}`, "a whole .gz file");
      } catch (error) {
        reject(error);
      }
    };
    gunzip.on("data", (part: Uint8Array) => {
      parts.push(part);
      size += part.length;
      if (size <= most) return;
      end(beginning ? undefined : "it holds more than its header tells of");
    });
    gunzip.on("end", () => end());
    gunzip.on("error", (error: Error) => (beginning && size > 0 ? end() : end(error.message)));
    gunzip.end(bytes);
  });
}

/** The bytes of a file that is read as a whole. */
export function wholeFile(path: string): Promise<Uint8Array> {
  return openedFile(path, (file, size) => readAt(file, 0, size, path));
}
