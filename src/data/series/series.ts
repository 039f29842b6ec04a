import { fail, formatShape, type Shape } from "../../util/index.ts";
import { type DenseArray, describe, isDenseArray, isNumberArray } from "../arrays.ts";
import { hostMatrix } from "../matrix.ts";

/** What happened at equal distances of time, the earliest first: row-major [steps, features]. */
export interface Series {
  readonly data: Float32Array;
  readonly shape: readonly [steps: number, features: number];
}

/** Numbers of one feature, or of several [steps, features]: lists, typed arrays, `{ data, shape }`. */
export type SeriesData =
  | readonly number[]
  | readonly ArrayLike<number>[]
  | Float32Array
  | Float64Array
  | DenseArray
  | Series;

/** Reads a series; float32 numbers stay where they are. */
export function readSeries(where: string, source: SeriesData): Series {
  if (isDenseArray(source)) {
    const { data, shape } = source;
    const [steps = 0, features = 1] = shape;
    if (shape.length > 2 || steps * features !== data.length) {
      fail(`${where} got ${data.length} numbers of shape ${formatShape(shape)}`, "a series [steps, features]");
    }
    return checked(where, { data: float32(data), shape: [steps, features] });
  }
  if (isNumberArray(source)) return checked(where, { data: float32(source), shape: [source.length, 1] });
  if (!Array.isArray(source)) {
    fail(`${where} got ${describe(source)}`, "lists, typed arrays or { data, shape }", "of a tensor: await x.array()");
  }
  if (typeof source[0] === "number") {
    return checked(where, { data: Float32Array.from(source as number[]), shape: [source.length, 1] });
  }
  const { values, rows, columns } = hostMatrix(source as ArrayLike<number>[], where);
  return checked(where, { data: Float32Array.from(values), shape: [rows, columns] });
}

/** Steps [start, stop) of a series, without a copy. */
export function sliceSeries({ data, shape: [, features] }: Series, start: number, stop: number): Series {
  return { data: data.subarray(start * features, stop * features), shape: [stop - start, features] };
}

function float32(data: ArrayLike<number>): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

function checked(where: string, series: Series): Series {
  const gap = series.data.findIndex((value) => !Number.isFinite(value));
  if (gap < 0) return series;
  const [step, feature] = [Math.floor(gap / series.shape[1]), gap % series.shape[1]];
  fail(`${where}: step ${step}, feature ${feature} is ${series.data[gap]}`, "a number", "cleanMissing fills gaps");
}

/** Refuses everything but a whole number of at least `least`. */
export function checkSteps(where: string, name: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  fail(`${where} got ${name} = ${String(value)}`, `a whole number of at least ${least}`);
}

/** Windows of a series, as `fit` takes them: row i begins at i rowStride. */
export interface SeriesWindows {
  readonly data: Float32Array;
  readonly shape: Shape;
  readonly rowStride: number;
}
