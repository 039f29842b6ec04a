import { checkOptions, fail, show } from "../../util/index.ts";
import { checkSteps, readSeries, type Series, type SeriesData, type SeriesWindows } from "./series.ts";

export interface TimeWindowsOptions {
  /** Steps that a model sees. */
  length: number;
  /** Steps that it forecasts, those that follow; default 1. */
  horizon?: number | undefined;
  /** Steps between what it sees and what it forecasts; default 0. */
  gap?: number | undefined;
  /** Steps from one window's start to the next one's; default 1. */
  stride?: number | undefined;
  /** What is forecast: the number of a feature, or a list of them; default all features. */
  targets?: number | readonly number[] | undefined;
}

/**
 * A series as windows to train on, without copying it for each: x [windows, length, features], and y what follows,
 * [windows, horizon, targets], or [windows, horizon] for a single target given as a number.
 *
 * @throws DescentError for a series too short for one window, gaps in it, or an unknown feature.
 * @example
 * const { x, y } = timeWindows([1, 2, 3, 4, 5, 6], { length: 3, horizon: 2, targets: 0 }); // x: 1 2 3, 2 3 4; y: 4 5, 5 6
 * y.shape; // [2, 2]
 */
export function timeWindows(series: SeriesData, options: TimeWindowsOptions): { x: SeriesWindows; y: SeriesWindows } {
  checkOptions("timeWindows", options, ["length", "horizon", "gap", "stride", "targets"]);
  const { length, horizon = 1, gap = 0, stride = 1, targets } = options;
  for (const [name, value] of Object.entries({ length, horizon, stride })) checkSteps("timeWindows", name, value, 1);
  checkSteps("timeWindows", "gap", gap, 0);
  const read = readSeries("timeWindows", series);
  const [steps] = read.shape;
  const needed = length + gap + horizon;
  if (steps < needed) fail(`timeWindows got ${steps} steps`, `at least ${needed}: ${parts(options, horizon, gap)}`);
  const rows = Math.floor((steps - needed) / stride) + 1;

  const windows = ({ data, shape: [, features] }: Series, start: number, size: number): SeriesWindows => ({
    data: data.subarray(start * features, (start + (rows - 1) * stride + size) * features),
    shape: [rows, size, features],
    rowStride: stride * features,
  });
  const y = windows(chosen(read, targets), length + gap, horizon);
  return { x: windows(read, 0, length), y: typeof targets === "number" ? { ...y, shape: [rows, horizon] } : y };
}

/** The features that are forecast: the series itself, or a copy of some of its columns. */
function chosen(series: Series, targets: TimeWindowsOptions["targets"]): Series {
  if (targets === undefined) return series;
  const { data, shape } = series;
  const [steps, features] = shape;
  const columns = typeof targets === "number" ? [targets] : targets;
  if (!Array.isArray(columns) || columns.length === 0) fail(`timeWindows got targets = ${show(targets)}`, "features");
  for (const column of columns) {
    if (Number.isInteger(column) && column >= 0 && column < features) continue;
    fail(`timeWindows got the target ${show(column)}`, `numbers of features, from 0 to ${features - 1}`);
  }
  const copy = new Float32Array(steps * columns.length);
  for (let step = 0; step < steps; step++) {
    for (const [i, column] of columns.entries()) copy[step * columns.length + i] = data[step * features + column] ?? 0;
  }
  return { data: copy, shape: [steps, columns.length] };
}

function parts({ length }: TimeWindowsOptions, horizon: number, gap: number): string {
  return `${length} seen, ${gap > 0 ? `${gap} between, ` : ""}${horizon} forecast`;
}
