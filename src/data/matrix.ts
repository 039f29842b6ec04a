import { Tensor, tensor } from "../tensor/index.ts";
import { fail, formatShape } from "../util/index.ts";
import { checkDense, type DenseArray, describe, isDenseArray } from "./arrays.ts";

/**
 * A table of numbers, rows are samples and columns are features: nested arrays (null, undefined and NaN are missing values),
 * numbers in row-major order with their shape, or a tensor of rank 2.
 */
export type Table = readonly ArrayLike<number | null | undefined>[] | DenseArray | Tensor;

/** A table read into float64, row-major; missing values are NaN. */
export interface Matrix {
  values: Float64Array;
  rows: number;
  columns: number;
}

/**
 * Reads a table.
 *
 * @param where The function's name, for errors.
 * @throws DescentError for an empty table, rows of unequal length, or a cell that is no number (named by row and column).
 */
export async function readMatrix(x: Table, where: string): Promise<Matrix> {
  if (!(x instanceof Tensor)) return hostMatrix(x, where);
  const { rows, columns } = tableShape(x.shape, where);
  return { values: Float64Array.from(await x.data()), rows, columns };
}

/** Reads a table that is no tensor, so without waiting. */
export function hostMatrix(x: Exclude<Table, Tensor>, where: string): Matrix {
  if (isDenseArray(x)) {
    const { rows, columns } = tableShape(checkDense(x, where).shape, where);
    return { values: Float64Array.from(x.data), rows, columns };
  }
  if (!Array.isArray(x)) fail(`${where} was given ${describe(x)}`, "nested arrays, { data, shape } or a tensor");
  const nested: readonly ArrayLike<number | null | undefined>[] = x;
  const rows = nested.length;
  const columns = typeof nested[0] === "object" ? (nested[0]?.length ?? 0) : 0;
  if (rows > 0 && typeof nested[0] !== "object") oneDimensional(`an array of ${rows} single values`, where);
  if (rows === 0 || columns === 0) fail(`${where} was given an empty table`, "at least one row and one column");
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const cells = nested[row]!;
    if (cells?.length !== columns) {
      fail(`${where}: row ${row} has ${cells?.length ?? "no"} columns`, `${columns} as in row 0`);
    }
    for (let column = 0; column < columns; column++)
      values[row * columns + column] = readCell(cells[column], row, column, where);
  }
  return { values, rows, columns };
}

/** One cell as a number; NaN for a missing one. */
function readCell(cell: unknown, row: number, column: number, where: string): number {
  if (typeof cell === "number") return cell;
  if (cell === null || cell === undefined) return Number.NaN;
  if (typeof cell === "boolean") return cell ? 1 : 0;
  fail(
    `${where}: row ${row}, column ${column} holds ${describe(cell)}`,
    "a number, or null for a missing value",
    typeof cell === "string" ? "turn categories into numbers with oneHotEncoder(), or leave the column out" : undefined,
  );
}

function tableShape(shape: readonly number[], where: string): { rows: number; columns: number } {
  const [rows, columns] = shape;
  if (shape.length === 1) oneDimensional(`a vector of ${rows} values`, where);
  if (shape.length !== 2)
    fail(`${where} was given shape ${formatShape(shape)}`, "a table [rows, columns]", "reshape it");
  if (!rows || !columns)
    fail(`${where} was given an empty table ${formatShape(shape)}`, "at least one row and one column");
  return { rows, columns };
}

function oneDimensional(what: string, where: string): never {
  fail(
    `${where} was given ${what}`,
    "a table [rows, columns]",
    "for a single column give [[a], [b], ...] or reshape([-1, 1])",
  );
}

/** Fails for infinite values, as scikit-learn does; NaN passes as a missing value. */
export function refuseInfinite(matrix: Matrix, where: string): Matrix {
  const at = matrix.values.findIndex(
    (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
  );
  if (at >= 0) {
    const row = Math.floor(at / matrix.columns);
    fail(`${where}: row ${row}, column ${at % matrix.columns} holds ${matrix.values[at]}`, "finite numbers");
  }
  return matrix;
}

/** The float32 tensor [rows, columns] of a matrix. */
export function matrixTensor(matrix: Matrix): Tensor {
  return tensor(Float32Array.from(matrix.values), { shape: [matrix.rows, matrix.columns] });
}
