import { Tensor, type TypedArray } from "../../tensor/index.ts";
import { formatShape, product } from "../../util/index.ts";
import { EXIT, refuse } from "../exit.ts";

/** Checked numbers in row-major order, the samples along the first axis. */
export interface Dense {
  data: TypedArray;
  shape: readonly number[];
}

/**
 * Reads samples in any form that a data file or a config may hold: nested lists, typed arrays, { data, shape }, tensors.
 *
 * @param name what errors call it: "x".
 * @throws CliError (data) for no samples, ragged rows, and anything that is no finite number, naming its place.
 */
export async function readDense(name: string, source: unknown): Promise<Dense> {
  const dense = await denseOf(name, source);
  if (dense.shape.length === 0) bad(`${name} is a single number`, "one entry per sample");
  if (product(dense.shape) !== dense.data.length) {
    bad(`${name} has ${dense.data.length} numbers for shape ${formatShape(dense.shape)}`, `${product(dense.shape)}`);
  }
  if (dense.data.length === 0) bad(`${name} is empty`, "at least one sample");
  if (dense.data instanceof Float32Array) refuseMissing(name, dense);
  return dense;
}

async function denseOf(name: string, source: unknown): Promise<Dense> {
  if (source instanceof Tensor) return { data: await source.data(), shape: source.shape };
  if (ArrayBuffer.isView(source)) {
    const data = toTyped(name, source);
    return { data, shape: [data.length] };
  }
  if (Array.isArray(source)) return flatten(name, source);
  const { data, shape } = (source ?? {}) as { data?: unknown; shape?: unknown };
  if (isForeignTensor(source)) return { data: await source.data(), shape: source.shape };
  if (isShape(shape) && (Array.isArray(data) || ArrayBuffer.isView(data))) {
    return { data: (await denseOf(name, data)).data, shape };
  }
  return bad(`${name} is ${describe(source)}`, "nested lists of numbers, a typed array, or { data, shape }");
}

/** A tensor of another copy of this package. */
function isForeignTensor(source: unknown): source is { data(): Promise<TypedArray>; shape: readonly number[] } {
  return typeof source === "object" && source !== null && "data" in source && typeof source.data === "function";
}

function isShape(shape: unknown): shape is readonly number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
}

function toTyped(name: string, view: ArrayBufferView): TypedArray {
  if (view instanceof Float32Array || view instanceof Int32Array) return view;
  if (view instanceof Uint32Array || view instanceof Uint8Array) return view;
  if (view instanceof BigInt64Array || view instanceof BigUint64Array || view instanceof DataView) {
    return bad(`${name} is a ${view.constructor.name}`, "an array of numbers, such as a Float32Array");
  }
  return Float32Array.from(view as unknown as ArrayLike<number>);
}

function flatten(name: string, rows: readonly unknown[]): Dense {
  const shape: number[] = [];
  for (let level: unknown = rows; isList(level); level = level[0]) shape.push(level.length);
  const data = new Float32Array(product(shape));
  let end = 0;
  const fill = (item: unknown, depth: number, place: readonly number[]) => {
    const size = shape[depth];
    if (size === undefined) {
      data[end++] = toNumber(item, name, place);
    } else if (isList(item) && item.length === size) {
      for (let i = 0; i < size; i++) fill(item[i], depth + 1, [...place, i]);
    } else {
      const expected = depth === 0 ? "samples" : `a list of ${size} as in the first sample`;
      bad(`${at(name, place)} is ${describe(item)}`, expected);
    }
  };
  fill(rows, 0, []);
  return { data, shape };
}

function toNumber(item: unknown, name: string, place: readonly number[]): number {
  if (typeof item === "number" && Number.isFinite(item)) return item;
  if (typeof item === "boolean") return item ? 1 : 0;
  return bad(`${at(name, place)} is ${describe(item)}`, "a finite number");
}

function refuseMissing(name: string, { data, shape }: Dense): void {
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const place: number[] = [];
  let rest = wrong;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  bad(`${at(name, place)} is ${data[wrong]}`, "a finite number");
}

function isList(item: unknown): item is ArrayLike<unknown> {
  return Array.isArray(item) || (ArrayBuffer.isView(item) && "length" in item);
}

/** "x[3][0]". */
function at(name: string, place: readonly number[]): string {
  return name + place.map((index) => `[${index}]`).join("");
}

function describe(item: unknown): string {
  if (item === null || item === undefined) return String(item);
  if (isList(item)) return `a list of ${item.length}`;
  if (typeof item === "string") return `the text ${JSON.stringify(item.slice(0, 30))}`;
  return typeof item === "object" ? "an object" : String(item);
}

function bad(what: string, expected: string): never {
  return refuse(EXIT.data, what, expected);
}
