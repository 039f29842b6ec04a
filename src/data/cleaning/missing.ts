import { checkOptions, fail, unknownName } from "../../util/index.ts";
import { type Matrix, readMatrix, refuseInfinite, type Table } from "../matrix.ts";
import { mean, mode, presentValues, quantile } from "../statistics.ts";
import { type Cleaned, keepRows, likeInput, plural } from "./output.ts";

const strategies = ["drop", "mean", "median", "mode", "constant"] as const;

export interface MissingOptions {
  /**
   * What to do about missing values: leave out their rows ("drop"), or fill them with the column's mean, median, most frequent value
   * ("mode", the smallest of several) or `fillValue` ("constant"). Default "mean" (scikit-learn's SimpleImputer).
   */
  strategy?: (typeof strategies)[number];
  /** For "constant": one value for all columns, or one per column, such as `report.fill` of the training data. Default 0. */
  fillValue?: number | readonly number[];
  /** Append one column of 0 and 1 for every column with missing values, which says where they were. Default false. */
  indicator?: boolean;
}

export interface MissingReport {
  /** Missing values found in each column. */
  missing: number[];
  /** What each column's missing values were filled with; empty for "drop". */
  fill: number[];
  /** Columns that got an indicator, in the order of the appended columns. */
  indicators: number[];
  /** Numbers of the rows that remain, in order; `selectRows(y, report.kept)` brings labels along. */
  kept: Uint32Array;
  /** One sentence for a reader. */
  summary: string;
}

/**
 * Fills or drops missing values (null, undefined, NaN) of a table [rows, columns].
 *
 * To treat new data as the training data were, fill it with what was learned there:
 * `cleanMissing(test, { strategy: "constant", fillValue: report.fill })`.
 *
 * @returns The cleaned table, of the same kind as the given one, and what was done.
 * @throws DescentError for strings (named by row and column), infinite values, a column without any value, or when no row is left.
 * @example
 * const { data, report } = await cleanMissing([[1, null], [3, 4]], { strategy: "median" });
 * // data: [[1, 4], [3, 4]], report.missing: [0, 1]
 */
export async function cleanMissing<T extends Table>(
  x: T,
  options: MissingOptions = {},
): Promise<{ data: Cleaned<T>; report: MissingReport }> {
  checkOptions("cleanMissing", options, ["strategy", "fillValue", "indicator"]);
  const { strategy = "mean", indicator = false } = options;
  if (!strategies.includes(strategy)) unknownName("strategy of cleanMissing:", strategy, strategies);
  const matrix = refuseInfinite(await readMatrix(x, "cleanMissing"), "cleanMissing");
  const missing = countMissing(matrix);
  const total = missing.reduce((sum, count) => sum + count, 0);
  if (strategy === "drop") {
    const kept = completeRows(matrix);
    if (kept.length === 0)
      fail("cleanMissing: every row has a missing value", "a complete row to keep", "fill instead of drop");
    const dropped = matrix.rows - kept.length;
    const summary = `${plural(total, "missing value")}: dropped ${plural(dropped, "row")} of ${matrix.rows}.`;
    return { data: likeInput(x, keepRows(matrix, kept)), report: { missing, fill: [], indicators: [], kept, summary } };
  }
  const fill = fillValues(matrix, strategy, options.fillValue);
  const indicators = indicator ? missing.flatMap((count, column) => (count > 0 ? [column] : [])) : [];
  const report: MissingReport = {
    missing,
    fill,
    indicators,
    kept: Uint32Array.from({ length: matrix.rows }, (_, row) => row),
    summary: `${plural(total, "missing value")}: filled with the ${strategy === "constant" ? "given constant" : `column's ${strategy}`}.`,
  };
  return { data: likeInput(x, filled(matrix, fill, indicators)), report };
}

function countMissing(matrix: Matrix): number[] {
  const missing = new Array<number>(matrix.columns).fill(0);
  matrix.values.forEach((value, i) => {
    if (Number.isNaN(value)) missing[i % matrix.columns] = missing[i % matrix.columns]! + 1;
  });
  return missing;
}

function completeRows({ values, rows, columns }: Matrix): Uint32Array {
  const kept: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (!values.subarray(row * columns, (row + 1) * columns).some(Number.isNaN)) kept.push(row);
  }
  return Uint32Array.from(kept);
}

/** One fill value per column. */
function fillValues(
  matrix: Matrix,
  strategy: "mean" | "median" | "mode" | "constant",
  given: MissingOptions["fillValue"],
): number[] {
  return Array.from({ length: matrix.columns }, (_, column) => {
    if (strategy === "constant") return constant(given ?? 0, column, matrix.columns);
    const values = presentValues(matrix, column);
    if (values.length === 0) {
      fail(
        `cleanMissing: column ${column} has no value at all`,
        `values to take the ${strategy} of`,
        "leave the column out",
      );
    }
    if (strategy === "mean") return mean(values);
    return strategy === "mode" ? mode(values) : quantile(values.slice().sort(), 0.5);
  });
}

function constant(given: number | readonly number[], column: number, columns: number): number {
  const value = typeof given === "number" ? given : given[column];
  if (typeof given !== "number" && given.length !== columns) {
    fail(`cleanMissing's fillValue has ${given.length} numbers`, `one number, or ${columns}, one per column`);
  }
  return Number.isFinite(value) ? value! : fail(`cleanMissing's fillValue is ${value}`, "finite numbers");
}

function filled(matrix: Matrix, fill: readonly number[], indicators: readonly number[]): Matrix {
  const columns = matrix.columns + indicators.length;
  const values = new Float64Array(matrix.rows * columns);
  for (let row = 0; row < matrix.rows; row++) {
    for (let column = 0; column < matrix.columns; column++) {
      const value = matrix.values[row * matrix.columns + column]!;
      values[row * columns + column] = Number.isNaN(value) ? fill[column]! : value;
    }
    indicators.forEach((column, i) => {
      const missing = Number.isNaN(matrix.values[row * matrix.columns + column]!);
      values[row * columns + matrix.columns + i] = missing ? 1 : 0;
    });
  }
  return { values, rows: matrix.rows, columns };
}
