import type { NestedTexts } from "../nn/index.ts";
import { type DType, Tensor, type TypedArray } from "../tensor/index.ts";
import { fail, formatShape, product, type Shape } from "../util/index.ts";
import { Pace } from "./pace.ts";

/** Numbers in nested lists; the innermost lists may be typed arrays. */
export type NestedNumbers = number | boolean | ArrayLike<number> | readonly NestedNumbers[];

/** Row-major numbers with their shape, the samples first. */
export interface ShapedArray {
  readonly data: TypedArray | Float64Array;
  readonly shape: Shape;
  /** Numbers from one sample's start to the next one's, where samples overlap or have gaps; default those of a sample. */
  readonly rowStride?: number | undefined;
}

/** One array of data, the samples along its first axis. */
export type ArrayData = Tensor | ShapedArray | NestedNumbers | NestedTexts;

/** A checked array of samples in memory. */
export interface Column {
  /** How errors name it: "x", "y", "validation x". */
  readonly name: string;
  readonly data: TypedArray;
  readonly dtype: DType;
  readonly rows: number;
  /** Shape of one sample. */
  readonly rowShape: Shape;
  /** Elements of one sample. */
  readonly rowSize: number;
  /** Elements from one sample's start to the next one's: `rowSize`, unless samples are windows of one stream. */
  readonly rowStride: number;
}

/**
 * Reads an array of samples.
 *
 * @throws DescentError for ragged rows, texts, missing numbers, NaN and infinities (naming row and column), or no rows.
 */
export async function readColumn(name: string, source: ArrayData): Promise<Column> {
  const pace = new Pace();
  const column = await columnOf(name, source, pace);
  if (column.rows === 0) fail(`${name} is empty`, "at least one sample");
  if (column.data instanceof Float32Array) await checkFinite(column, pace);
  return column;
}

/** Rows [start, stop) of a column, without a copy. */
export function sliceColumn(column: Column, start: number, stop: number): Column {
  const { rowSize, rowStride } = column;
  const data = column.data.subarray(
    start * rowStride,
    stop > start ? (stop - 1) * rowStride + rowSize : start * rowStride,
  );
  return { ...column, data, rows: stop - start };
}

async function columnOf(name: string, source: ArrayData, pace: Pace): Promise<Column> {
  if (source instanceof Tensor) return shaped(name, await source.data(), source.shape, source.dtype);
  if (isShaped(source)) {
    const { data, shape, rowStride } = source;
    if (rowStride !== undefined) return strided(name, data, shape, rowStride);
    if (product(shape) !== data.length) {
      fail(`${name} has ${data.length} numbers and the shape ${formatShape(shape)}`, `${product(shape)} numbers`);
    }
    return shaped(name, toSupported(name, data), shape);
  }
  if (ArrayBuffer.isView(source)) {
    const data = toSupported(name, source);
    return shaped(name, data, [data.length]);
  }
  if (!Array.isArray(source)) fail(`${name} is ${describe(source)}`, "a tensor or an array of samples");
  return flatten(name, source, pace);
}

/** True of numbers with their shape. */
export function isShaped(source: unknown): source is ShapedArray {
  const { data, shape } = (source ?? {}) as Partial<ShapedArray>;
  return ArrayBuffer.isView(data) && Array.isArray(shape);
}

function shaped(name: string, data: TypedArray, shape: Shape, dtype: DType = dtypeOf(data)): Column {
  const [rows, ...rowShape] = shape;
  if (rows === undefined) fail(`${name} is a single number`, "an array of samples");
  const rowSize = product(rowShape);
  return { name, data, dtype, rows, rowShape, rowSize, rowStride: rowSize };
}

/** Samples that begin `rowStride` elements apart, without a copy. */
function strided(name: string, source: ShapedArray["data"], shape: Shape, rowStride: number): Column {
  const column = shaped(name, toSupported(name, source), shape);
  const { data, rows, rowSize } = column;
  if (!Number.isInteger(rowStride) || rowStride < 1) {
    fail(`${name} has the rowStride ${rowStride}`, "a positive integer");
  }
  const length = rows > 0 ? (rows - 1) * rowStride + rowSize : 0;
  if (data.length < length) {
    fail(
      `${name} has ${data.length} numbers`,
      `${length}, for ${rows} samples of ${rowSize} that begin ${rowStride} apart`,
    );
  }
  return { ...column, data: data.subarray(0, length), rowStride };
}

function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint32Array ? "uint32" : "uint8";
}

/** Other typed arrays become the nearest of the supported ones. */
function toSupported(name: string, view: ArrayBufferView): TypedArray {
  if (view instanceof Float32Array || view instanceof Int32Array) return view;
  if (view instanceof Uint32Array || view instanceof Uint8Array) return view;
  if (view instanceof Float64Array) return new Float32Array(view); // `from` goes element by element
  if (view instanceof Uint8ClampedArray) return new Uint8Array(view.buffer, view.byteOffset, view.length);
  if (view instanceof Int8Array || view instanceof Int16Array || view instanceof Uint16Array)
    return Int32Array.from(view);
  fail(`${name} is ${describe(view)}`, "numbers, such as a Float32Array", "convert it with Float32Array.from()");
}

/** Nested lists, row by row: each must have the shape of the first. */
async function flatten(name: string, rows: readonly unknown[], pace: Pace): Promise<Column> {
  const rowShape = shapeOf(rows[0]);
  const rowSize = product(rowShape);
  const data = new Float32Array(rows.length * rowSize);
  for (let row = 0; row < rows.length; row++) {
    const end = fill(rows[row], rowShape, 0, data, row * rowSize, { name, row, rowSize, rowStride: rowSize });
    if (end !== (row + 1) * rowSize) fail(`${name}: row ${row} has another shape than row 0`, formatShape(rowShape));
    if (pace.due()) await pace.rest();
  }
  return { name, data, dtype: "float32", rows: rows.length, rowShape, rowSize, rowStride: rowSize };
}

interface Place {
  readonly name: string;
  readonly row: number;
  readonly rowSize: number;
  readonly rowStride: number;
}

/** Writes one item of shape `shape[depth...]` from `offset` on and returns where it ended. */
function fill(item: unknown, shape: Shape, depth: number, out: Float32Array, offset: number, place: Place): number {
  const size = shape[depth];
  if (size === undefined) {
    out[offset] = numberOf(item, offset, place);
    return offset + 1;
  }
  if (!isList(item) || item.length !== size) {
    const found = isList(item) ? `a list of ${item.length}` : describe(item);
    const where = depth === 0 ? "is" : "holds";
    fail(
      `${place.name}: row ${place.row} ${where} ${found}, unlike row 0`,
      `rows of the same shape, here ${formatShape(shape)}`,
    );
  }
  let end = offset;
  for (let i = 0; i < size; i++) end = fill(item[i], shape, depth + 1, out, end, place);
  return end;
}

function numberOf(item: unknown, offset: number, place: Place): number {
  if (typeof item === "number") return item;
  if (typeof item === "boolean") return item ? 1 : 0;
  const fix =
    typeof item === "string"
      ? "turn texts into numbers, such as class numbers, before training"
      : "fill in or leave out samples with missing numbers";
  fail(`${place.name}: ${located(offset, place)} is ${describe(item)}`, "a number", fix);
}

/** "row 3" or "row 3, column 2" (the column counted within the flattened row). */
function located(offset: number, { row, rowSize, rowStride }: Place): string {
  return rowSize > 1 ? `row ${row}, column ${offset - row * rowStride}` : `row ${row}`;
}

/** The first sample that holds an element. */
function rowOf({ rows, rowSize, rowStride }: Column, offset: number): number {
  const first = Math.ceil((offset - rowSize + 1) / rowStride);
  return Math.min(Math.max(first, 0), rows - 1);
}

function shapeOf(item: unknown): number[] {
  const shape: number[] = [];
  for (let level = item; isList(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function isList(item: unknown): item is ArrayLike<unknown> {
  return Array.isArray(item) || (ArrayBuffer.isView(item) && !(item instanceof DataView));
}

async function checkFinite(column: Column, pace: Pace): Promise<void> {
  const { name, data, rowSize, rowStride } = column;
  const chunk = 1 << 18;
  for (let start = 0; start < data.length; start += chunk) {
    const stop = Math.min(start + chunk, data.length);
    for (let i = start; i < stop; i++) {
      const value = data[i] as number;
      if (value - value === 0) continue; // neither NaN nor infinite
      const place = { name, row: rowOf(column, i), rowSize, rowStride };
      const fix = "fill in, scale or leave out such samples (descent/data)";
      fail(`${name}: ${located(i, place)} is ${value}`, "finite numbers", fix);
    }
    if (pace.due()) await pace.rest();
  }
}

/**
 * Refuses what an embedding can't look up: all but whole numbers from 0 up to, but not, `indices`.
 *
 * @param lookup the layer that looks the numbers up, for the message, and how many it knows.
 */
export async function checkIndices(column: Column, lookup: { path: string; indices: number }): Promise<void> {
  const { name, data, rowSize, rowStride } = column;
  const pace = new Pace();
  const chunk = 1 << 18;
  for (let start = 0; start < data.length; start += chunk) {
    const stop = Math.min(start + chunk, data.length);
    for (let i = start; i < stop; i++) {
      const value = data[i] as number;
      if (value >= 0 && value < lookup.indices && Number.isInteger(value)) continue;
      const place = { name, row: rowOf(column, i), rowSize, rowStride };
      fail(
        `${name}: ${located(i, place)} is ${value}`,
        `whole numbers from 0 to ${lookup.indices - 1}, the ones that ${lookup.path} knows`,
        value >= lookup.indices ? "give the embedding a larger inputDim, or replace what is unknown" : undefined,
      );
    }
    if (pace.due()) await pace.rest();
  }
}

function describe(item: unknown): string {
  if (item === null || item === undefined) return `${item}`;
  if (typeof item === "string")
    return `the text ${JSON.stringify(item.length > 30 ? `${item.slice(0, 27)}...` : item)}`;
  if (isList(item)) return `a list of ${item.length}`;
  if (typeof item === "object") return `an object (${item.constructor?.name ?? "no class"})`;
  return `a ${typeof item} (${String(item)})`;
}
