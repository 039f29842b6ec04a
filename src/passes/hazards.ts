import { DTYPES, type IndexExpression, indexRange } from "../ir/index.ts";
import type { Access, Kernel, KernelBuffer, Loop, RepeatKernel, Stage } from "./kernel.ts";
import { forEachAccess } from "./loop-kernel.ts";
import type { DraftBuffer } from "./placement.ts";

export type AnyBuffer = DraftBuffer | KernelBuffer;

/** Elements of a buffer that a kernel touches: [low, high]. */
export interface Touch {
  readonly buffer: number;
  readonly store: boolean;
  readonly low: number;
  readonly high: number;
}

/** All that a kernel reads and writes, as ranges of elements; for a loop, in all of its turns. */
export function touchesOf(kernel: Kernel, buffers: readonly AnyBuffer[]): Touch[] {
  const sizes = new Map<number, number>();
  const known = (loops: readonly Loop[]) => {
    for (const { id, size } of loops) sizes.set(id, size);
  };
  const touches: Touch[] = [];
  const add = (access: Access, store: boolean, whole = false, reach = 0): void => {
    const last = buffers[access.buffer]!.length - 1;
    const range = whole || access.guards.length > 0 ? undefined : rangeOf(access.index, sizes);
    touches.push({ buffer: access.buffer, store, low: range?.low ?? 0, high: range ? range.high + reach : last });
  };
  const addAll = (stages: readonly Stage[]): void =>
    forEachAccess(stages, (access, store, _stage, gathered) =>
      add(access, store, false, gathered && (gathered.rows - 1) * gathered.stride),
    );
  switch (kernel.kind) {
    case "loop":
      known(kernel.outer);
      for (const { inner } of kernel.stages) known(inner);
      addAll(kernel.stages);
      break;
    case "contraction":
      for (const loops of [kernel.batch, kernel.rows, kernel.columns, kernel.depth]) known(loops);
      add(kernel.a, false);
      add(kernel.b, false);
      addAll([{ inner: [], reductions: [], stores: kernel.stores }]);
      break;
    case "random":
      for (const access of [kernel.key, kernel.counter]) add(access, false, true);
      addRange(touches, kernel.target, kernel.count);
      break;
    case "scatter":
      for (const access of [kernel.indices, kernel.updates]) add(access, false, true);
      if (typeof kernel.base === "object") addRange(touches, kernel.base, kernel.rows * kernel.width, false);
      addRange(touches, kernel.target, kernel.rows * kernel.width);
      break;
    case "repeat":
      for (const { kernel: inner } of kernel.steps) {
        for (const touch of touchesOf(inner, buffers)) touches.push(throughWindow(touch, kernel.windows, buffers));
      }
      break;
  }
  return touches;
}

/** A touch of one of `windows` as one of the whole of what it moves over. */
export function throughWindow(touch: Touch, windows: readonly number[], buffers: readonly AnyBuffer[]): Touch {
  const { place } = buffers[touch.buffer]!;
  if (place === "arena" || place.kind !== "window" || !windows.includes(touch.buffer)) return touch;
  return { buffer: place.of, store: touch.store, low: 0, high: buffers[place.of]!.length - 1 };
}

/** Says of a buffer whether all turns of a loop find the same in the same place. */
export function fixedIn({ steps, windows }: RepeatKernel, buffers: readonly AnyBuffer[]): (buffer: number) => boolean {
  const changing = new Set(windows);
  for (const { kernel } of steps) {
    for (const { buffer, store } of touchesOf(kernel, buffers)) if (store) changing.add(buffer);
  }
  return (buffer) => !changing.has(buffer);
}

function addRange(touches: Touch[], { buffer, index }: Access, count: number, store = true): void {
  touches.push({ buffer, store, low: index.constant, high: index.constant + count - 1 });
}

function rangeOf(index: IndexExpression, sizes: ReadonlyMap<number, number>) {
  return indexRange(index, (loop) => sizes.get(loop) ?? 1);
}

/** Bytes of memory that a touch covers, in a space of its own per bound array and one for the arena. */
export interface Span {
  readonly space: string;
  readonly store: boolean;
  readonly from: number;
  readonly to: number;
}

/** Where touches lie once the arena is planned. */
export function spanOf(touch: Touch, buffers: readonly DraftBuffer[], arenaOffset: (buffer: number) => number): Span {
  const { place, dtype } = buffers[touch.buffer]!;
  const { bytes } = DTYPES[dtype];
  const { store } = touch;
  if (place !== "arena" && place.kind === "window") {
    // Within one turn what is written through a window is touched only through it, and through others that move over the same memory with it.
    const { space, from } = spanOf({ ...touch, buffer: place.of, low: 0 }, buffers, arenaOffset);
    const { first, stride, period, phase } = place;
    return { space: [space, from, first, stride, period, phase].join(), store, from: 0, to: 1 };
  }
  const base = place === "arena" ? arenaOffset(touch.buffer) : 0;
  const space = place === "arena" || place.kind === "arena" ? "arena" : `${place.kind}${place.index}`;
  return { space, store, from: base + touch.low * bytes, to: base + (touch.high + 1) * bytes };
}

export function conflict(a: Span, b: Span): boolean {
  return (a.store || b.store) && a.space === b.space && a.from < b.to && b.from < a.to;
}
