import { fail, unknownName } from "../../util/index.ts";
import type { Batch, BatchColumn } from "../datasets/batch.ts";
import type { Columns } from "../datasets/stages/columns.ts";
import type { ColumnKind, TableColumn } from "./columns.ts";
import type { Chunk } from "./duckdb.ts";

/** Rows of a batch. */
export const ROWS = 2048;

/** A column of a batch: its name, what of the table it is made of, and whether that is put side by side as a float32 matrix. */
export type Output = readonly [name: string, parts: readonly TableColumn[], isMatrix: boolean];

/** What comes as a list and not as an array of numbers. */
export function isList(kind: ColumnKind): boolean {
  return kind === "text" || kind === "bytes" || kind === "other";
}

/** Columns side by side, as they are put together from those of a table. */
export function outputsOf(columns: Columns, from: readonly TableColumn[]): Output[] {
  const names = from.map(({ name }) => name);
  return Object.entries(columns).map(([output, parts]): Output => {
    const found = [parts].flat().map((name) => {
      const column = from[names.indexOf(name)] ?? unknownName("column", name, names);
      if (typeof parts !== "string" && isList(column.kind)) {
        fail(`the column "${name}" holds ${column.kind === "text" ? "texts" : column.type}`, "numbers in a matrix");
      }
      return column;
    });
    return [output, found, typeof parts !== "string"];
  });
}

type Values = Float64Array | Float32Array | unknown[];

/** Chunks, which are as large as it suits DuckDB, as batches of {@link ROWS} rows. */
export class Pieces {
  /** Rows of the batch given last. */
  taken = 0;
  private chunk: Chunk | undefined;
  private at = 0;
  private ended = false;
  /** Memory of batches that were given, and of those that came back. */
  private readonly lent = new WeakMap<Batch, Values[]>();
  private readonly spare: Values[][] = [];

  constructor(private readonly outputs: readonly Output[]) {}

  /** A batch that nobody looks at any more. */
  reuse(batch: Batch): void {
    const values = this.lent.get(batch);
    if (values && this.lent.delete(batch)) this.spare.push(values);
  }

  async next(reader: { next(): Promise<Chunk | undefined> }): Promise<Batch | undefined> {
    const used = this.spare.pop();
    const out = this.outputs.map(([, parts, isMatrix], i): Values => {
      const { kind, width } = parts[0] as TableColumn;
      if (!isMatrix && isList(kind)) return [];
      return used?.[i] ?? (isMatrix ? new Float32Array(ROWS * widthOf(parts)) : new Float64Array(ROWS * width));
    });
    let rows = 0;
    while (rows < ROWS && !this.ended) {
      if (!this.chunk) {
        this.chunk = await reader.next();
        this.at = 0;
        if (!this.chunk) this.ended = true;
        continue;
      }
      const count = Math.min(ROWS - rows, this.chunk.rowCount - this.at);
      this.copy(this.chunk, count, out, rows);
      rows += count;
      this.at += count;
      if (this.at === this.chunk.rowCount) this.chunk = undefined;
    }
    this.taken = rows;
    if (rows === 0) return undefined;
    const batch = Object.fromEntries(
      this.outputs.map((output, i) => [output[0], finished(out[i] as Values, output, rows)]),
    );
    this.lent.set(batch, out);
    return batch;
  }

  private copy(chunk: Chunk, count: number, out: readonly Values[], row: number): void {
    let index = 0; // in the query's answer
    this.outputs.forEach(([, parts, isMatrix], i) => {
      const to = out[i] as Values;
      const stride = widthOf(parts);
      let offset = 0;
      for (const part of parts) {
        const vector = chunk.getColumnVector(index++);
        const { kind, width } = part;
        if (!isNumbers(to)) copyList(vector, kind, this.at, count, to);
        else {
          const items = (kind === "numbers" ? vector.childData?.items : vector.items) as Float64Array | Float32Array;
          const own = items.subarray(this.at * width, (this.at + count) * width);
          if (isMatrix) interleave(own as Float32Array, width, to as Float32Array, row * stride + offset, stride);
          else to.set(own, row * width);
          if (kind === "numbers") blankMissing(vector, this.at, count, to, row, stride, offset, width);
        }
        offset += width;
      }
    });
  }
}

function isNumbers(values: Values): values is Float64Array | Float32Array {
  return ArrayBuffer.isView(values);
}

function widthOf(parts: readonly TableColumn[]): number {
  return parts.reduce((sum, { width }) => sum + width, 0);
}

/** Rows of `width` numbers to places that lie `stride` apart. */
function interleave(from: Float32Array, width: number, to: Float32Array, start: number, stride: number): void {
  if (width === 1) {
    for (let i = 0, at = start; i < from.length; i++, at += stride) to[at] = from[i] as number;
    return;
  }
  for (let i = 0, at = start; i < from.length; i += width, at += stride) to.set(from.subarray(i, i + width), at);
}

type Vector = ReturnType<Chunk["getColumnVector"]>;

/** An array that is missing is one of NaN. */
function blankMissing(
  vector: Vector,
  start: number,
  count: number,
  to: Float64Array | Float32Array,
  row: number,
  stride: number,
  offset: number,
  width: number,
): void {
  for (let i = 0; i < count; i++) {
    const at = (row + i) * stride + offset;
    if (vector.getItem(start + i) === null) to.fill(Number.NaN, at, at + width);
  }
}

function copyList(vector: Vector, kind: ColumnKind, start: number, count: number, to: unknown[]): void {
  for (let row = start; row < start + count; row++) {
    const value = vector.getItem(row);
    to.push(kind === "bytes" && value !== null ? Uint8Array.from((value as { bytes: Uint8Array }).bytes) : value);
  }
}

function finished(values: Values, [, parts, isMatrix]: Output, rows: number): BatchColumn {
  if (!isNumbers(values)) return values;
  const width = widthOf(parts);
  const axes = isMatrix || parts[0]?.kind === "numbers" ? [width] : [];
  return { data: values.subarray(0, rows * width), shape: [rows, ...axes] };
}
