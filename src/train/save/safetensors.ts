import { fail, product } from "../../util/index.ts";

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

/**
 * Reads a safetensors file of float32 tensors.
 *
 * @param file the file's name in errors.
 * @throws DescentError for anything that is not such a file: truncated, overlapping, foreign, other dtypes.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): Map<string, SavedTensor> {
  const { header, dataStart } = readHeader(bytes, file);
  const tensors = new Map<string, SavedTensor>();
  let expectedBegin = 0;
  const inOrder = [...header].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { dtype, shape, begin, end }] of inOrder) {
    if (dtype !== "F32") broken(file, `its tensor "${name}" is ${dtype}`, "F32");
    if (end - begin !== product(shape) * 4 || begin !== expectedBegin) {
      broken(file, `the place of its tensor "${name}" does not fit its shape [${shape.join(", ")}]`);
    }
    expectedBegin = end;
    if (dataStart + end > bytes.length) broken(file, `it ends inside its tensor "${name}"`);
    tensors.set(name, { shape, data: readFloats(bytes.subarray(dataStart + begin, dataStart + end)) });
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

function swapped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i ^ 3] ?? 0;
  return out;
}
