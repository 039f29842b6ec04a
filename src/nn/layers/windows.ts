import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkCount, checkWord } from "../checks.ts";

/** Number of spatial axes. */
export type Rank = 1 | 2 | 3;

/** One value per spatial axis. */
export type Axes<R extends Rank, T = number> = R extends 1
  ? readonly [T]
  : R extends 2
    ? readonly [T, T]
    : readonly [T, T, T];

/** One number for all spatial axes, or one per axis. */
export type PerAxis<R extends Rank> = number | Axes<R>;

/** A window that slides over the spatial axes. */
export interface Window {
  size: readonly number[];
  strides: readonly number[];
  dilation?: readonly number[];
  padding: "valid" | "same" | "causal";
}

/** One positive integer per spatial axis, from an option that may be a single number. */
export function perAxis(where: string, name: string, value: number | readonly number[], rank: Rank): number[] {
  const values = typeof value === "number" ? Array.from({ length: rank }, () => value) : value;
  if (!Array.isArray(values) || values.length !== rank) {
    fail(`${where} got ${name} = ${JSON.stringify(value)}`, `a number or ${rank} of them`);
  }
  for (const size of values) checkCount(where, name, size);
  return [...values];
}

/** Options of what slides a kernel over the spatial axes. */
export interface WindowOptions<R extends Rank> {
  /** Default 1 (Keras). */
  strides?: PerAxis<R>;
  /** "valid": no padding, the default (Keras); "same": the output has the input's size divided by the strides. */
  padding?: "valid" | "same" | (R extends 1 ? "causal" : never);
  /** Distance between the kernel's elements; default 1 (Keras). */
  dilationRate?: PerAxis<R>;
}

/** The window of a kernel, from checked options. */
export function kernelWindow<R extends Rank>(
  kind: string,
  rank: R,
  kernelSize: PerAxis<R>,
  { strides = 1, padding = "valid", dilationRate = 1 }: WindowOptions<R>,
): Required<Window> {
  checkWord(kind, "padding", padding, rank === 1 ? ["valid", "same", "causal"] : ["valid", "same"]);
  return {
    size: perAxis(kind, "kernelSize", kernelSize, rank),
    strides: perAxis(kind, "strides", strides, rank),
    dilation: perAxis(kind, "dilationRate", dilationRate, rank),
    padding,
  };
}

/**
 * [...spatial, channels] -> [...out, channels]. valid: out = floor((in - window) / stride) + 1; same and causal:
 * ceil(in / stride) (Keras).
 *
 * @throws DescentError "received ..." when the input has another rank, or the window does not fit.
 */
export function slide(input: Shape, { size, strides, dilation, padding }: Window, channels: number): Shape {
  const spatial = input.slice(0, -1).map((length, axis) => {
    const stride = strides[axis] ?? 1;
    if (padding !== "valid") return Math.ceil(length / stride);
    const window = ((size[axis] ?? 1) - 1) * (dilation?.[axis] ?? 1) + 1;
    if (window > length) {
      fail(
        `received samples of shape ${formatShape(input)}, smaller than its window: axis ${axis} has ${length}, the window ${window}`,
        `at least ${window} along axis ${axis}`,
        'use padding: "same", a smaller window, or fewer pooling layers before it',
      );
    }
    return Math.floor((length - window) / stride) + 1;
  });
  return [...spatial, channels];
}

/** Where a transposed convolution's windows lie along one axis, and what of them is the output. */
export interface Spread {
  readonly length: number;
  /** Cut off before and behind. */
  readonly cut: readonly [number, number];
  /** Added behind. */
  readonly more: number;
}

/**
 * The axes of a transposed convolution's output (Keras). Windows cover all = (in - 1) stride + span elements; outputs are
 * valid: max(all, in stride), or all + outputPadding; same: in stride, or (in - 1) stride + span mod 2 + outputPadding, cut evenly.
 */
export function spread(
  input: Shape,
  { size, strides, dilation, padding }: Required<Window>,
  outputPadding: readonly number[] | undefined,
): Spread[] {
  return input.slice(0, -1).map((count, axis) => {
    const stride = strides[axis] ?? 1;
    const span = ((size[axis] ?? 1) - 1) * (dilation[axis] ?? 1) + 1;
    const all = (count - 1) * stride + span;
    const more = outputPadding?.[axis];
    let length = more === undefined ? count * stride : (count - 1) * stride + (span % 2) + more;
    if (padding === "valid") length = more === undefined ? Math.max(all, length) : all + more;
    const surplus = Math.max(0, all - length);
    const before = Math.floor(surplus / 2);
    return { length, cut: [before, surplus - before], more: Math.max(0, length - all) };
  });
}

/** What samples of one, two and three spatial axes are called, and their axes. */
const SAMPLES = {
  1: ["sequences", "[steps, channels]"],
  2: ["images", "[height, width, channels]"],
  3: ["volumes", "[depth, height, width, channels]"],
} as const;

/** @throws DescentError "received ..." unless the sample is [...spatial, channels], with a reshape that helps. */
export function checkSpatial(input: Shape, rank: Rank): void {
  if (input.length === rank + 1) return;
  fail(`received samples of shape ${formatShape(input)}`, SAMPLES[rank].join(" "), reshapeFor(input, rank));
}

function reshapeFor(input: Shape, rank: Rank): string {
  if (input.length === rank) return `put reshape(${formatShape([...input, 1])}) before it`;
  const [length = 1] = input;
  const square = [1, 3].find((channels) => Number.isInteger(Math.sqrt(length / channels)));
  if (input.length !== 1 || rank !== 2 || square === undefined) {
    return `put reshape(${SAMPLES[rank][1]}) before it`;
  }
  const side = Math.sqrt(length / square);
  return `put reshape(${formatShape([side, side, square])}) before it`;
}
