import { sameIndex } from "../ir/index.ts";
import type { Kernel, Stage } from "./kernel.ts";
import { forEachAccess } from "./loop-kernel.ts";

/**
 * Whether `target`, which the kernel writes, may lie where the `old` buffers lie, which it reads: every element of theirs is read only
 * where that very element is then written, and not after.
 */
export function readsOnlyOwnElement(kernel: Kernel, target: number, old: ReadonlySet<number>): boolean {
  if (kernel.kind !== "loop" && kernel.kind !== "contraction") return false;
  if (kernel.kind === "contraction" && (old.has(kernel.a.buffer) || old.has(kernel.b.buffer))) return false;
  const stages: readonly Stage[] =
    kernel.kind === "loop" ? kernel.stages : [{ inner: [], reductions: [], stores: kernel.stores }];
  const writes = stages.flatMap((stage, number) =>
    stage.stores
      .filter(({ access }) => access.buffer === target)
      .map(({ access }) => ({ number, place: access.index })),
  );
  const [write, another] = writes;
  if (!write || another) return false;
  let safe = true;
  forEachAccess(stages, (access, store, stage, gathered) => {
    if (store || !old.has(access.buffer)) return;
    const same = sameIndex(access.index, write.place) && access.guards.length === 0 && !gathered;
    safe &&= same && stages.indexOf(stage) <= write.number;
  });
  return safe;
}
