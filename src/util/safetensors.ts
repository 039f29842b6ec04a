import { fail } from "./errors.ts";
import { product } from "./shape.ts";

/** One tensor of a safetensors file. */
export interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The Python package refuses longer headers (100 MB); so do we. */
const longestHeader = 100_000_000;

/**
 * The safetensors format: 8 bytes little-endian header length, the header as JSON
 * (name -> dtype, shape, place), then the data, little-endian, without gaps.
 *
 * @param tensors in the order of the file; float32.
 * @returns the file's parts, to be written one after the other.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SavedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20); // spaces: data stays 8-byte aligned
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return [length, padded, ...[...tensors.values()].map(({ data }) => littleEndian(data))];
}

/** Element types that can be read as float32, and their bytes. */
const READERS: Readonly<Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  F32: [4, (view, at) => view.getFloat32(at, true)],
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F16: [2, (view, at) => half(view.getUint16(at, true))],
  BF16: [2, (view, at) => bits(view.getUint16(at, true) << 16)],
  I64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  I32: [4, (view, at) => view.getInt32(at, true)],
  I16: [2, (view, at) => view.getInt16(at, true)],
  I8: [1, (view, at) => view.getInt8(at)],
  U8: [1, (view, at) => view.getUint8(at)],
  BOOL: [1, (view, at) => view.getUint8(at)],
};

/** The float32 of these bits. */
function bits(word: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, word);
  return view.getFloat32(0);
}

/** A float16: sign, 5 bits of exponent, 10 of fraction. */
function half(word: number): number {
  const [sign, exponent, fraction] = [word & 0x8000 ? -1 : 1, (word >> 10) & 31, word & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/**
 * Reads a safetensors file of float32 tensors.
 *
 * @param file the file's name in errors.
 * @param convert true: tensors of other types become float32.
 * @throws DescentError for anything that is not such a file: truncated, overlapping, foreign, other dtypes.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string, convert = false): Map<string, SavedTensor> {
  const { header, dataStart } = readHeader(bytes, file);
  const tensors = new Map<string, SavedTensor>();
  let expectedBegin = 0;
  const inOrder = [...header].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { dtype, shape, begin, end }] of inOrder) {
    const [size, read] = (convert ? READERS[dtype] : dtype === "F32" ? READERS["F32"] : undefined) ?? [];
    if (!size || !read) {
      broken(file, `its tensor "${name}" is ${dtype}`, convert ? Object.keys(READERS).join(", ") : "F32");
    }
    if (end - begin !== product(shape) * size || begin !== expectedBegin) {
      broken(file, `the place of its tensor "${name}" does not fit its shape [${shape.join(", ")}]`);
    }
    expectedBegin = end;
    if (dataStart + end > bytes.length) broken(file, `it ends inside its tensor "${name}"`);
    const own = bytes.subarray(dataStart + begin, dataStart + end);
    tensors.set(name, { shape, data: dtype === "F32" ? readFloats(own) : converted(own, size, read) });
  }
  if (dataStart + expectedBegin !== bytes.length) {
    broken(file, `it has ${bytes.length - dataStart} bytes of data and its header places ${expectedBegin}`);
  }
  return tensors;
}

function readHeader(bytes: Uint8Array, file: string): { header: Map<string, HeaderEntry>; dataStart: number } {
  if (bytes.length < 8) broken(file, `it has only ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(longestHeader) || length + 8n > BigInt(bytes.length)) {
    broken(file, `its header claims ${length} bytes and the file has ${bytes.length}`);
  }
  const dataStart = 8 + Number(length);
  const json = parseJson(bytes.subarray(8, dataStart), file);
  const header = new Map<string, HeaderEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name !== "__metadata__") header.set(name, readEntry(name, value, file));
  }
  return { header, dataStart };
}

function parseJson(bytes: Uint8Array, file: string): object {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    broken(file, "its header is not JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) broken(file, "its header is not an object");
  return json;
}

function readEntry(name: string, value: unknown, file: string): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  const isSizes = (list: unknown): list is number[] => Array.isArray(list) && list.every(isSize);
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    broken(file, `the entry of its tensor "${name}" is not dtype, shape and data_offsets`);
  }
  const [begin = 0, end = 0] = offsets;
  return { dtype, shape, begin, end };
}

function broken(file: string, what: string, expected = "a whole safetensors file of float32 tensors"): never {
  fail(`${file} cannot be read: ${what}`, expected, "save the model again, or take the file from a backup");
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The little-endian bytes of floats: a view where the machine is little-endian itself. */
function littleEndian(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return hostIsLittleEndian ? bytes : swapped(bytes);
}

function readFloats(bytes: Uint8Array): Float32Array {
  const copy = hostIsLittleEndian ? new Uint8Array(bytes) : swapped(bytes); // a copy is aligned
  return new Float32Array(copy.buffer);
}

function converted(bytes: Uint8Array, size: number, read: (view: DataView, at: number) => number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size));
}

function swapped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i ^ 3] ?? 0;
  return out;
}
