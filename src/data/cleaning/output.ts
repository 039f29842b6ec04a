import { Tensor } from "../../tensor/index.ts";
import { type DenseArray, isDenseArray } from "../arrays.ts";
import { type Matrix, matrixTensor, type Table } from "../matrix.ts";

/** What cleaning a table of this kind gives: nested arrays stay nested, a tensor stays a tensor. */
export type Cleaned<T extends Table> = T extends Tensor ? Tensor : T extends DenseArray ? DenseArray : number[][];

/** The matrix as the same kind of thing as the table it was read from. */
export function likeInput<T extends Table>(input: T, matrix: Matrix): Cleaned<T> {
  return render(input, matrix) as Cleaned<T>;
}

function render(input: Table, matrix: Matrix): Tensor | DenseArray | number[][] {
  const { values, rows, columns } = matrix;
  if (input instanceof Tensor) return matrixTensor(matrix);
  if (isDenseArray(input)) return { data: values, shape: [rows, columns] };
  return Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns)));
}

/** The rows with the given numbers. */
export function keepRows(matrix: Matrix, kept: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  const values = new Float64Array(kept.length * columns);
  for (let i = 0; i < kept.length; i++) {
    values.set(matrix.values.subarray(kept[i]! * columns, (kept[i]! + 1) * columns), i * columns);
  }
  return { values, rows: kept.length, columns };
}

/** The columns to work on: all of them, or those asked for. */
export function chosenColumns(
  matrix: Matrix,
  asked: readonly number[] | undefined,
  outside: (column: number) => never,
): number[] {
  if (asked === undefined) return Array.from({ length: matrix.columns }, (_, column) => column);
  for (const column of asked) {
    if (!(Number.isInteger(column) && column >= 0 && column < matrix.columns)) outside(column);
  }
  return [...asked];
}

/** "3 rows", "1 row". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
