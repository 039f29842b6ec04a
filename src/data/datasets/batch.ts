import { fail, formatShape, product, sameShape } from "../../util/index.ts";
import { type DenseArray, isDenseArray, type NumberArray } from "../arrays.ts";

/** One array of a batch, the samples along its first axis: numbers with their shape, or a list of texts or other things. */
export type BatchColumn = DenseArray | readonly unknown[];

/** Samples side by side: an array for each name, all of the same length. */
export type Batch = Readonly<Record<string, BatchColumn>>;

/** Samples of a column. */
export function lengthOf(column: BatchColumn): number {
  return isDenseArray(column) ? (column.shape[0] as number) : (column as readonly unknown[]).length;
}

/** Samples of a batch. */
export function rowsOf(batch: Batch): number {
  for (const name in batch) return lengthOf(batch[name] as BatchColumn);
  return 0;
}

/** A batch with every column changed. Names are those of a stranger's table: no name may reach a prototype. */
export function mapColumns(batch: Batch, change: (column: BatchColumn, name: string) => BatchColumn): Batch {
  return Object.fromEntries(Object.entries(batch).map(([name, column]) => [name, change(column, name)]));
}

/** Samples [start, stop), numbers without a copy. */
export function sliceBatch(batch: Batch, start: number, stop: number): Batch {
  if (start === 0 && stop === rowsOf(batch)) return batch;
  return mapColumns(batch, (column) => {
    if (!isDenseArray(column)) return (column as readonly unknown[]).slice(start, stop);
    const [, ...rowShape] = column.shape;
    const size = product(rowShape);
    return { data: column.data.subarray(start * size, stop * size), shape: [stop - start, ...rowShape] };
  });
}

/** The samples of the given numbers, copied: into the memory of `into`, where that is of the right size. */
export function gatherBatch(batch: Batch, rows: ArrayLike<number>, into?: Batch): Batch {
  return mapColumns(batch, (column, name) => {
    if (!isDenseArray(column)) return Array.from(rows, (row) => (column as readonly unknown[])[row]);
    const { data, shape } = column;
    const size = product(shape.slice(1));
    const out = memoryFor(data, rows.length * size, into?.[name]);
    if (size >= 64) {
      for (let i = 0; i < rows.length; i++) {
        const from = (rows[i] as number) * size;
        out.set(data.subarray(from, from + size), i * size);
      }
    } else if (data instanceof Float32Array && data.length < 2 ** 31)
      gatherFloats(data, size, rows, out as Float32Array);
    else if (data instanceof Float64Array && data.length < 2 ** 31)
      gatherDoubles(data, size, rows, out as Float64Array);
    else gatherNumbers(data, size, rows, out);
    return { data: out, shape: [rows.length, ...shape.slice(1)] };
  });
}

// One function for each of the frequent types: a loop that has seen several runs at a fifth of the speed. Places are whole numbers of 32 bits
// (an array that has more elements goes through `gatherNumbers`), four numbers a turn.

function gatherFloats(data: Float32Array, size: number, rows: ArrayLike<number>, out: Float32Array): void {
  for (let i = 0, at = 0; i < rows.length; i++) {
    let from = Math.imul(rows[i] as number, size);
    const stop = at + size;
    for (; at + 4 <= stop; at += 4, from += 4) {
      out[at] = data[from] as number;
      out[at + 1] = data[from + 1] as number;
      out[at + 2] = data[from + 2] as number;
      out[at + 3] = data[from + 3] as number;
    }
    while (at < stop) out[at++] = data[from++] as number;
  }
}

function gatherDoubles(data: Float64Array, size: number, rows: ArrayLike<number>, out: Float64Array): void {
  for (let i = 0, at = 0; i < rows.length; i++) {
    let from = Math.imul(rows[i] as number, size);
    for (const stop = at + size; at < stop; ) out[at++] = data[from++] as number;
  }
}

function gatherNumbers(data: NumberArray, size: number, rows: ArrayLike<number>, out: NumberArray): void {
  for (let i = 0, at = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * size;
    for (let k = 0; k < size; k++) out[at++] = data[from + k] as number;
  }
}

/** The numbers of a batch that is used up, if they are as many and of that type; else fresh ones. */
function memoryFor<T extends NumberArray>(kind: T, length: number, used: BatchColumn | undefined): T {
  const data = used && isDenseArray(used) ? used.data : undefined;
  return data?.constructor === kind.constructor && data.length === length ? (data as T) : sameKind(kind, length);
}

/**
 * Batches one after the other as one; always copied, if there is memory `into` which to copy.
 *
 * @throws DescentError when they have other names, shapes or kinds of numbers.
 */
export function joinBatches(batches: readonly Batch[], into?: Batch): Batch {
  const [first, ...others] = batches;
  if (!first) return {};
  if (others.length === 0 && !into) return first;
  for (const other of others) checkAlike(first, other);
  return mapColumns(first, (column, name) => {
    if (!isDenseArray(column)) return batches.flatMap((batch) => batch[name] as unknown[]);
    const parts = batches.map((batch) => batch[name] as DenseArray);
    const rows = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
    const rowShape = column.shape.slice(1);
    const data = memoryFor(column.data, rows * product(rowShape), into?.[name]);
    let at = 0;
    for (const part of parts) {
      data.set(part.data, at);
      at += part.data.length;
    }
    return { data, shape: [rows, ...rowShape] };
  });
}

/** Refuses two batches whose samples are not of one kind. */
export function checkAlike(first: Batch, other: Batch): void {
  const [names, others] = [Object.keys(first), Object.keys(other)];
  if (names.length !== others.length || names.some((name) => !Object.hasOwn(other, name))) {
    fail(`a sample has the columns ${others.join(", ")}`, `${names.join(", ")}, as the first one`);
  }
  for (const name of names) {
    const [a, b] = [kindOf(first[name] as BatchColumn), kindOf(other[name] as BatchColumn)];
    if (a !== b) fail(`a sample's "${name}" is ${b}`, `${a}, as the first one's`);
  }
}

/** What one sample of a column is, in words: "Float32Array [28, 28]". */
function kindOf(column: BatchColumn): string {
  if (!isDenseArray(column)) return "an entry of a list";
  return `numbers of shape ${formatShape(column.shape.slice(1))} in a ${column.data.constructor.name}`;
}

/** An array of the same type. */
export function sameKind<T extends NumberArray>(data: T, length: number): T {
  return new (data.constructor as new (length: number) => T)(length);
}

/** Bytes of one sample, as far as numbers go. */
export function bytesPerRow(batch: Batch): number {
  let bytes = 0;
  for (const column of Object.values(batch)) {
    if (isDenseArray(column)) bytes += column.data.BYTES_PER_ELEMENT * product(column.shape.slice(1));
    else bytes += 64;
  }
  return bytes;
}

/** Samples that a batch has where no size is asked for: 1024, or fewer where they are large. */
export function handyRows(rowBytes: number): number {
  return Math.max(1, Math.min(1024, Math.floor((1 << 22) / Math.max(1, rowBytes))));
}

/** Whether two columns hold samples of one shape. */
export function sameRows(a: DenseArray, b: DenseArray): boolean {
  return sameShape(a.shape.slice(1), b.shape.slice(1));
}
