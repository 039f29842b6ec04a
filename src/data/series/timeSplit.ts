import { checkOptions, fail, show } from "../../util/index.ts";
import { checkSteps, readSeries, type Series, type SeriesData, sliceSeries } from "./series.ts";

export interface TimeSplitOptions {
  /**
   * Steps of the part before that each later part begins with: with the `length` (and `gap`) of windows, the first forecast is of the
   * first step that the part before does not have. Default 0.
   */
  context?: number | undefined;
}

/**
 * Cuts a series into parts, one after the other in time, without a copy: what a model is trained on lies before what it is measured on.
 *
 * @param shares of the steps, in order: [0.8, 0.2] for training and validation; they add up to 1.
 * @throws DescentError for shares that don't, and parts without a step.
 * @example
 * const [train, validation] = timeSplit([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0.8, 0.2], { context: 3 });
 * validation.data; // { "0": 6, "1": 7, "2": 8, "3": 9, "4": 10 }
 */
export function timeSplit<const Shares extends readonly number[]>(
  series: SeriesData,
  shares: Shares,
  options: TimeSplitOptions = {},
): { -readonly [Part in keyof Shares]: Series } {
  checkOptions("timeSplit", options, ["context"]);
  const { context = 0 } = options;
  checkSteps("timeSplit", "context", context, 0);
  const sum = Array.isArray(shares) ? shares.reduce((sum, share) => sum + share, 0) : Number.NaN;
  if (!(Math.abs(sum - 1) < 1e-9) || shares.some((share) => !(share > 0))) {
    fail(`timeSplit got the shares ${show(shares)}`, "positive numbers that add up to 1, such as [0.8, 0.2]");
  }
  const read = readSeries("timeSplit", series);
  const [steps] = read.shape;
  const ends = shares.map((_, part) =>
    Math.round(steps * shares.slice(0, part + 1).reduce((sum, share) => sum + share)),
  );
  const parts = ends.map((end, part) => {
    const start = ends[part - 1] ?? 0;
    if (end <= start) fail(`timeSplit: part ${part} of ${steps} steps has none`, "shares of at least one step");
    if (part > 0 && context > start) {
      fail(`timeSplit: ${start} steps lie before part ${part}`, `as many as context, ${context}`);
    }
    return sliceSeries(read, part > 0 ? start - context : 0, end);
  });
  return parts as { -readonly [Part in keyof Shares]: Series };
}
