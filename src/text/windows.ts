import { checkOptions, fail, show } from "../util/index.ts";

export interface TokenWindowsOptions {
  /** Tokens from one window's start to the next one's; default `length`: side by side. */
  stride?: number;
}

/** Overlapping rows of one array, as `fit` takes them: row i begins at i rowStride. */
export interface Windows {
  readonly data: Int32Array;
  readonly shape: readonly [rows: number, length: number];
  readonly rowStride: number;
}

/**
 * A stream of tokens as windows to train on, without a copy: x holds `length` tokens a row, y for each of them the next one.
 *
 * @throws DescentError when there are fewer than length + 1 tokens.
 * @example
 * const { x, y } = tokenWindows(Int32Array.of(5, 6, 7, 8, 9), 2); // rows [5, 6], [7, 8]; and [6, 7], [8, 9]
 */
export function tokenWindows(
  tokens: Int32Array,
  length: number,
  options: TokenWindowsOptions = {},
): { x: Windows; y: Windows } {
  checkOptions("tokenWindows", options, ["stride"]);
  const { stride = length } = options;
  for (const [name, value] of Object.entries({ length, stride })) {
    if (!Number.isInteger(value) || value < 1) fail(`tokenWindows got ${name} = ${show(value)}`, "a positive integer");
  }
  if (!(tokens instanceof Int32Array)) fail(`tokenWindows got ${show(tokens)}`, "an Int32Array, as tokenizers give");
  if (tokens.length <= length) {
    fail(`tokenWindows got ${tokens.length} tokens`, `at least ${length + 1}, a window of ${length} and the next one`);
  }
  const rows = Math.floor((tokens.length - 1 - length) / stride) + 1;
  const end = (rows - 1) * stride + length;
  const windows = (start: number): Windows => ({
    data: tokens.subarray(start, start + end),
    shape: [rows, length],
    rowStride: stride,
  });
  return { x: windows(0), y: windows(1) };
}
