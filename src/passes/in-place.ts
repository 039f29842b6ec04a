import { sameIndex } from "../ir/index.ts";
import { type AnyBuffer, touchesOf } from "./hazards.ts";
import type { Kernel, RepeatKernel, Stage, Window } from "./kernel.ts";
import { forEachAccess } from "./loop-kernel.ts";

/**
 * Whether `target`, which the kernel writes, may lie where the `old` buffers lie, which it reads: every element of theirs is read only
 * at a point that then writes that very element, and not after.
 */
export function readsOnlyOwnElement(kernel: Kernel, target: number, old: ReadonlySet<number>): boolean {
  if (kernel.kind !== "loop" && kernel.kind !== "contraction") return false;
  if (kernel.kind === "contraction" && (old.has(kernel.a.buffer) || old.has(kernel.b.buffer))) return false;
  const stages: readonly Stage[] =
    kernel.kind === "loop" ? kernel.stages : [{ inner: [], reductions: [], stores: kernel.stores }];
  // No element is written twice, so of several places that a point writes none is written by another point.
  const writes = stages.flatMap((stage, number) =>
    stage.stores
      .filter(({ access }) => access.buffer === target)
      .map(({ access }) => ({ number, place: access.index })),
  );
  let safe = writes.length > 0;
  forEachAccess(stages, (access, store, stage, gathered) => {
    if (store || !old.has(access.buffer)) return;
    const own = writes.some(({ number, place }) => sameIndex(access.index, place) && stages.indexOf(stage) <= number);
    safe &&= own && access.guards.length === 0 && !gathered;
  });
  return safe;
}

/**
 * Whether the stack `target`, of which every turn of a loop writes a slice, may lie where the stack `old` lies, of which every turn
 * reads the same slice: nothing else of them is touched, and what a turn reads of `old` it reads before it writes there.
 */
export function replacesSliceBySlice(
  loop: RepeatKernel,
  target: number,
  old: number,
  buffers: readonly AnyBuffer[],
): boolean {
  const over = (stack: number) => loop.windows.filter((window) => (buffers[window]!.place as Window).of === stack);
  const windows = [...over(target), ...over(old)] as [number, number];
  if (windows.length !== 2) return false;
  const [ours, theirs] = windows;
  const [mine, other] = windows.map((window) => buffers[window]!.place as Window) as [Window, Window];
  const apart =
    windows.every((window) => buffers[window]!.length <= Math.abs(mine.stride)) && mine.period === undefined;
  const same = mine.first === other.first && mine.stride === other.stride && mine.of !== other.of;
  const touches = loop.steps.map(({ kernel }) => touchesOf(kernel, buffers));
  const whole = touches.flat().some(({ buffer }) => buffer === target || buffer === old);
  if (!apart || !same || whole) return false;
  const written = touches.findIndex((step) => step.some(({ buffer, store }) => store && buffer === ours));
  const read = touches.findLastIndex((step) => step.some(({ buffer }) => buffer === theirs));
  return read < written || (read === written && readsOnlyOwnElement(loop.steps[read]!.kernel, ours, new Set([theirs])));
}
