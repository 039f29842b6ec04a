import type { ContractionKernel, Loop } from "../../passes/index.ts";
import type { BlockedPlan } from "./plan.ts";
import { sizeOf } from "./sizes.ts";
import { holds, rowLoops } from "./view.ts";

/** Which segments exist for each index of a row loop (bit s of a word: segment s), by those guards of A that depend on that loop. */
export interface Validity {
  /** None: the guards depend on segments alone, and there is one word. */
  readonly loop: Loop | undefined;
  readonly words: readonly bigint[];
}

/** Segment bits per row loop: a segment of a row exists where all of the row's words have its bit. */
export function validity({ rows }: ContractionKernel, { a, depth }: BlockedPlan): Validity[] {
  const byLoop = new Map<Loop | undefined, typeof a.access.guards>();
  for (const guard of a.access.guards) {
    const loop = rowLoops(guard, rows, depth.segments)?.[0];
    byLoop.set(loop, [...(byLoop.get(loop) ?? []), guard]);
  }
  const segments = sizeOf(depth.segments);
  return [...byLoop].map(([loop, guards]) => {
    const words = Array.from({ length: loop?.size ?? 1 }, (_, digit) => {
      let word = 0n;
      for (let s = 0; s < segments; s++) {
        const at = new Map(loop ? [[loop.id, digit]] : []);
        let rest = s;
        for (const { id, size } of [...depth.segments].reverse()) {
          at.set(id, rest % size);
          rest = Math.floor(rest / size);
        }
        if (guards.every((guard) => holds(guard, at))) word |= 1n << BigInt(s);
      }
      return word;
    });
    return { loop, words };
  });
}
