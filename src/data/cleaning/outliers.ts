import { checkOptions, fail } from "../../util/index.ts";
import { type Matrix, readMatrix, refuseInfinite, type Table } from "../matrix.ts";
import { mean, presentValues, quantile, variance } from "../statistics.ts";
import { type Cleaned, chosenColumns, keepRows, likeInput, plural } from "./output.ts";

/** Values outside [lower, upper] of their column are outliers. */
export interface OutlierBounds {
  lower: number[];
  upper: number[];
}

export interface OutliersOptions {
  /**
   * "iqr": further than `threshold` interquartile ranges outside the quartiles (Tukey 1977, "Exploratory Data Analysis").
   * "zScore": further than `threshold` standard deviations (population's) from the mean. Default "iqr".
   */
  method?: "iqr" | "zScore";
  /** Default 1.5 for "iqr" (Tukey's fences), 3 for "zScore" (three-sigma rule). */
  threshold?: number;
  /** Leave out their rows, move them to the nearest bound, or only say where they are. Default "drop". */
  action?: "drop" | "clip" | "mark";
  /** Columns to look at. Default: all. */
  columns?: readonly number[];
  /** Bounds to use instead of learning them, such as `report.bounds` of the training data. */
  bounds?: OutlierBounds;
}

export interface OutliersReport {
  /** Outliers found in each column. */
  outliers: number[];
  /** What was allowed in each column; infinite for columns not looked at. */
  bounds: OutlierBounds;
  /** 1 for every cell of the given table, row-major, that is an outlier. */
  mask: Uint8Array;
  /** Numbers of the rows that remain, in order; `selectRows(y, report.kept)` brings labels along. */
  kept: Uint32Array;
  /** One sentence for a reader. */
  summary: string;
}

/**
 * Finds values far from the rest of their column of a table [rows, columns], and drops, clips or marks them.
 * Missing values are no outliers and stay.
 *
 * @returns The table, of the same kind as the given one, and what was found.
 * @throws DescentError for strings, infinite values, a column without any value, or when no row is left.
 * @example
 * const { data } = await cleanOutliers([[1], [2], [3], [2], [100]], { action: "clip" });
 * // [[1], [2], [3], [2], [4.5]]: quartiles 2 and 3, so the upper bound is 3 + 1.5 * 1
 */
export async function cleanOutliers<T extends Table>(
  x: T,
  options: OutliersOptions = {},
): Promise<{ data: Cleaned<T>; report: OutliersReport }> {
  checkOptions("cleanOutliers", options, ["method", "threshold", "action", "columns", "bounds"]);
  const { method = "iqr", action = "drop" } = options;
  const threshold = options.threshold ?? (method === "iqr" ? 1.5 : 3);
  if (method !== "iqr" && method !== "zScore")
    fail(`cleanOutliers' method is ${JSON.stringify(method)}`, '"iqr" or "zScore"');
  if (!["drop", "clip", "mark"].includes(action))
    fail(`cleanOutliers' action is ${JSON.stringify(action)}`, '"drop", "clip" or "mark"');
  if (!(threshold > 0)) fail(`cleanOutliers' threshold is ${threshold}`, "a number above 0");
  const matrix = refuseInfinite(await readMatrix(x, "cleanOutliers"), "cleanOutliers");
  const columns = chosenColumns(matrix, options.columns, (column) =>
    fail(`cleanOutliers' columns names column ${column}`, `columns from 0 to ${matrix.columns - 1}`),
  );
  const bounds = options.bounds ? checkBounds(options.bounds, matrix) : learnBounds(matrix, columns, method, threshold);
  const mask = markOutside(matrix, bounds);
  const outliers = bounds.lower.map((_, column) => countIn(mask, matrix.columns, column));
  const rows = Array.from({ length: matrix.rows }, (_, row) => row);
  const isClean = (row: number) => !mask.subarray(row * matrix.columns, (row + 1) * matrix.columns).includes(1);
  const kept = Uint32Array.from(action === "drop" ? rows.filter(isClean) : rows);
  if (kept.length === 0) fail("cleanOutliers would leave no row", "at least one", "a larger threshold");
  const total = outliers.reduce((sum, count) => sum + count, 0);
  const done = {
    drop: `dropped ${plural(matrix.rows - kept.length, "row")} of ${matrix.rows}`,
    clip: "clipped",
    mark: "left as they are",
  };
  const result = action === "clip" ? clipped(matrix, bounds) : keepRows(matrix, kept);
  return {
    data: likeInput(x, result),
    report: { outliers, bounds, mask, kept, summary: `${plural(total, "outlier")}: ${done[action]}.` },
  };
}

function learnBounds(
  matrix: Matrix,
  columns: readonly number[],
  method: "iqr" | "zScore",
  threshold: number,
): OutlierBounds {
  const bounds: OutlierBounds = {
    lower: new Array<number>(matrix.columns).fill(Number.NEGATIVE_INFINITY),
    upper: new Array<number>(matrix.columns).fill(Number.POSITIVE_INFINITY),
  };
  for (const column of columns) {
    const values = presentValues(matrix, column);
    if (values.length === 0)
      fail(`cleanOutliers: column ${column} has no value at all`, "at least one", "leave the column out");
    const [lower, upper] = method === "iqr" ? tukeyFences(values, threshold) : sigmaBounds(values, threshold);
    bounds.lower[column] = lower;
    bounds.upper[column] = upper;
  }
  return bounds;
}

function tukeyFences(values: Float64Array, threshold: number): [number, number] {
  const sorted = values.slice().sort();
  const [q1, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  return [q1 - threshold * (q3 - q1), q3 + threshold * (q3 - q1)];
}

function sigmaBounds(values: Float64Array, threshold: number): [number, number] {
  const average = mean(values);
  const reach = threshold * Math.sqrt(variance(values, average));
  return [average - reach, average + reach];
}

function checkBounds(bounds: OutlierBounds, matrix: Matrix): OutlierBounds {
  for (const side of [bounds.lower, bounds.upper]) {
    if (side?.length !== matrix.columns || side.some(Number.isNaN)) {
      fail("cleanOutliers' bounds do not fit the table", `${matrix.columns} numbers in both lower and upper`);
    }
  }
  return bounds;
}

function markOutside(matrix: Matrix, { lower, upper }: OutlierBounds): Uint8Array {
  return Uint8Array.from(matrix.values, (value, i) => {
    const column = i % matrix.columns;
    return value < lower[column]! || value > upper[column]! ? 1 : 0;
  });
}

function countIn(mask: Uint8Array, columns: number, column: number): number {
  let count = 0;
  for (let i = column; i < mask.length; i += columns) count += mask[i]!;
  return count;
}

function clipped(matrix: Matrix, { lower, upper }: OutlierBounds): Matrix {
  const values = matrix.values.map((value, i) => {
    const column = i % matrix.columns;
    return Math.min(Math.max(value, lower[column]!), upper[column]!);
  });
  return { ...matrix, values };
}
