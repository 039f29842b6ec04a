import { fail, formatShape, printable, product, type Shape } from "../../util/index.ts";
import { bytesOf, type Element } from "./elements.ts";

/** Where an array of numbers lies in a file. */
export interface ArrayPlace {
  readonly element: Element;
  readonly bigEndian: boolean;
  readonly shape: Shape;
  /** Bytes before its first number. */
  readonly offset: number;
}

/** What is wrong with a file; tells readers what it should have been. */
export function damaged(name: string, what: string, expected: string): never {
  return fail(printable(`${name} cannot be read: ${what}`), expected, "copy or make the file again");
}

const NPY = "a whole .npy file";

/** Most axes that anything here has; NumPy allows 64. */
const MOST_AXES = 64;

/** The header of NumPy's format (versions 1 to 3): magic, version, length, a Python dictionary. */
export function npyHeader(head: Uint8Array, size: number, name: string): ArrayPlace {
  const bytes = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 12 || head[0] !== 0x93 || latin(head.subarray(1, 6)) !== "NUMPY") {
    damaged(name, "it does not begin as one", NPY);
  }
  const version = head[6] as number;
  if (version < 1 || version > 3) damaged(name, `it has version ${version}`, "versions 1 to 3");
  const [start, length] = version === 1 ? [10, bytes.getUint16(8, true)] : [12, bytes.getUint32(8, true)];
  if (start + length > head.length) damaged(name, "its header is cut short, or too long", NPY);
  const text = latin(head.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=])([a-z])(\d+)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const axes = /'shape':\s*\(([\d,\s]*)\)/.exec(text);
  if (!descr || !order || !axes)
    damaged(name, "its header names no plain numbers", `${NPY} of numbers: no objects, no records`);
  const shape = (axes[1] as string).split(",").flatMap((axis) => (axis.trim() === "" ? [] : [Number(axis)]));
  if (order[1] === "True" && shape.length > 1) {
    damaged(name, "its numbers lie column by column", "C order, such as np.ascontiguousarray gives");
  }
  const element = `${descr[2]}${descr[3]}`;
  return placed({ element, bigEndian: descr[1] === ">", shape, offset: start + length }, size, name, NPY);
}

const IDX = "a whole IDX file, as MNIST's";
const IDX_ELEMENTS: Record<number, Element> = { 8: "u1", 9: "i1", 11: "i2", 12: "i4", 13: "f4", 14: "f8" };

/** The header of IDX, the format of MNIST: two zeros, the type, the number of axes, their sizes; all big-endian. */
export function idxHeader(head: Uint8Array, size: number, name: string): ArrayPlace {
  const bytes = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const element = IDX_ELEMENTS[head[2] ?? 0];
  const axes = head[3] ?? 0;
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0 || !element || axes === 0) {
    damaged(name, "it does not begin as one", IDX);
  }
  const offset = 4 + 4 * axes;
  if (head.length < offset) damaged(name, "its header is cut short", IDX);
  const shape = Array.from({ length: axes }, (_, axis) => bytes.getUint32(4 + 4 * axis));
  return placed({ element, bigEndian: true, shape, offset }, size, name, IDX);
}

const SAFETENSORS = "a whole safetensors file";
/** As the Python package. */
const LONGEST_HEADER = 100_000_000;
const SAFE_ELEMENTS: Record<string, Element> = {
  BOOL: "b1",
  U8: "u1",
  I8: "i1",
  U16: "u2",
  I16: "i2",
  F16: "f2",
  BF16: "g2",
  U32: "u4",
  I32: "i4",
  F32: "f4",
  U64: "u8",
  I64: "i8",
  F64: "f8",
};

/** Bytes of the header of a safetensors file, its length in front included. */
export function safetensorsHeaderLength(head: Uint8Array, size: number, name: string): number {
  if (head.length < 8) damaged(name, `it has only ${head.length} bytes`, SAFETENSORS);
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER) || length + 8n > BigInt(size)) {
    damaged(name, `its header claims ${length} bytes and the file has ${size}`, SAFETENSORS);
  }
  return 8 + Number(length);
}

/** Tensors by name and where they lie. */
export function safetensorsHeader(header: Uint8Array, size: number, name: string): Map<string, ArrayPlace> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header.subarray(8)));
  } catch {
    damaged(name, "its header is not JSON", SAFETENSORS);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    damaged(name, "its header is no object", SAFETENSORS);
  const places = new Map<string, ArrayPlace>();
  let expected = 0;
  const entries = Object.entries(json).filter(([tensor]) => tensor !== "__metadata__");
  const read = entries.map(([tensor, entry]) => {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    const element = typeof dtype === "string" && Object.hasOwn(SAFE_ELEMENTS, dtype) ? SAFE_ELEMENTS[dtype] : undefined;
    if (!element || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
      damaged(name, `the entry of its tensor "${tensor}" is not dtype, shape and data_offsets`, SAFETENSORS);
    }
    const [begin = 0, end = 0] = offsets;
    return { tensor, element, shape, begin, end };
  });
  for (const { tensor, element, shape, begin, end } of read.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected || end - begin !== product(shape) * bytesOf(element)) {
      damaged(name, `the place of its tensor "${tensor}" does not fit its shape ${formatShape(shape)}`, SAFETENSORS);
    }
    places.set(tensor, { element, bigEndian: false, shape, offset: header.length + begin });
    expected = end;
  }
  if (header.length + expected !== size) {
    damaged(name, `it has ${size - header.length} bytes of data and its header places ${expected}`, SAFETENSORS);
  }
  return places;
}

function isSizes(list: unknown): list is number[] {
  return Array.isArray(list) && list.length <= MOST_AXES && list.every((n) => Number.isSafeInteger(n) && n >= 0);
}

const ELEMENTS = ["b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"];

/** Refuses a place that a file of `size` bytes does not have, before any memory is taken. */
function placed(
  place: Omit<ArrayPlace, "element"> & { readonly element: string },
  size: number,
  name: string,
  expected: string,
): ArrayPlace {
  const { element, shape, offset } = place;
  if (!ELEMENTS.includes(element)) damaged(name, `its numbers are of type ${element}`, ELEMENTS.join(", "));
  const bytes = product(shape) * bytesOf(element as Element);
  const fits = Number.isNaN(size) || offset + bytes === size; // NaN: of a packed file, nobody knows yet
  if (shape.length > MOST_AXES || !Number.isSafeInteger(bytes) || !fits) {
    damaged(name, `it has ${size - offset} bytes of numbers and its header tells of ${formatShape(shape)}`, expected);
  }
  return { ...place, element: element as Element };
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 1 << 14));
}
