import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkCount } from "../checks.ts";

/** Number of spatial axes. */
export type Rank = 1 | 2;

/** One number for all spatial axes, or one per axis. */
export type PerAxis<R extends Rank> = R extends 1 ? number | readonly [number] : number | readonly [number, number];

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

/** @throws DescentError "received ..." unless the sample is [...spatial, channels], with a reshape that helps. */
export function checkSpatial(input: Shape, rank: Rank): void {
  if (input.length === rank + 1) return;
  const expected = rank === 1 ? "sequences [steps, channels]" : "images [height, width, channels]";
  fail(`received samples of shape ${formatShape(input)}`, expected, reshapeFor(input, rank));
}

function reshapeFor(input: Shape, rank: Rank): string {
  if (input.length === rank) return `put reshape(${formatShape([...input, 1])}) before it`;
  const [length = 1] = input;
  const square = [1, 3].find((channels) => Number.isInteger(Math.sqrt(length / channels)));
  if (input.length !== 1 || rank !== 2 || square === undefined) {
    return `put reshape(${rank === 1 ? "[steps, channels]" : "[height, width, channels]"}) before it`;
  }
  const side = Math.sqrt(length / square);
  return `put reshape(${formatShape([side, side, square])}) before it`;
}
