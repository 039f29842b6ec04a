import { fail } from "../util/index.ts";
import type { Matrix } from "./matrix.ts";

/** The values of one column that are not missing. */
export function presentValues(matrix: Matrix, column: number): Float64Array {
  const { values, rows, columns } = matrix;
  const out = new Float64Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = values[row * columns + column]!;
    if (!Number.isNaN(value)) out[count++] = value;
  }
  return out.subarray(0, count);
}

/** Applies `f` to every column's present values; fails when a column has none. */
export function perColumn<T>(matrix: Matrix, where: string, f: (values: Float64Array, column: number) => T): T[] {
  return Array.from({ length: matrix.columns }, (_, column) => {
    const values = presentValues(matrix, column);
    if (values.length === 0)
      fail(`${where}: column ${column} has no value at all`, "at least one", "leave the column out");
    return f(values, column);
  });
}

export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * Population variance (divided by n) in two passes, with the second pass corrected for the rounding of the mean
 * (Chan, Golub and LeVeque 1983, equation 1.7), as scikit-learn's `_incremental_mean_and_var` does.
 */
export function variance(values: Float64Array, average: number): number {
  let squares = 0;
  let correction = 0;
  for (const value of values) {
    const d = value - average;
    squares += d * d;
    correction += d;
  }
  return (squares - (correction * correction) / values.length) / values.length;
}

/** The q-th quantile (q from 0 to 1) of ascending values, interpolated linearly: NumPy's default, Hyndman and Fan's type 7. */
export function quantile(sorted: Float64Array, q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const t = position - below;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** The most frequent value; the smallest of several, as scikit-learn's SimpleImputer chooses. */
export function mode(values: Float64Array): number {
  const sorted = values.slice().sort();
  let best = sorted[0]!;
  let bestCount = 0;
  let start = 0;
  for (let i = 1; i <= sorted.length; i++) {
    if (i < sorted.length && sorted[i] === sorted[start]) continue;
    if (i - start > bestCount) {
      best = sorted[start]!;
      bestCount = i - start;
    }
    start = i;
  }
  return best;
}
