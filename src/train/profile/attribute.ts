import type { KernelTime } from "../../tensor/index.ts";

/** Where the time of one run went, in milliseconds. */
export interface RunShares {
  /** Each kernel's part of the clock's time: what kernels running side by side share is divided among them. They add up. */
  readonly kernels: Float64Array;
  /** No thread was in a kernel: barriers, and what is between calls. */
  readonly between: number;
  /** First begin and last end of a kernel. */
  readonly begin: number;
  readonly end: number;
  /** All threads' time in kernels, added up. */
  readonly busy: number;
}

/**
 * Divides the time of a run among its kernels: every moment belongs to the kernels that threads are in, in proportion to their
 * threads. So a kernel that keeps one thread busy while the others wait for it is charged with all of that time.
 */
export function attribute(times: readonly KernelTime[], kernels: number): RunShares {
  const shares = new Float64Array(kernels);
  const active = new Float64Array(kernels);
  const marks = times.flatMap(({ kernel, begin, end }) => [
    { at: begin, kernel, change: 1 },
    { at: end, kernel, change: -1 },
  ]);
  marks.sort((a, b) => a.at - b.at || a.change - b.change);
  let [threads, between, busy] = [0, 0, 0];
  const running = new Set<number>();
  marks.forEach(({ at, kernel, change }, i) => {
    const passed = i === 0 ? 0 : at - marks[i - 1]!.at;
    if (threads === 0) between += passed;
    else for (const each of running) shares[each]! += (passed * active[each]!) / threads;
    busy += passed * threads;
    threads += change;
    active[kernel]! += change;
    if (active[kernel] === 0) running.delete(kernel);
    else running.add(kernel);
  });
  return { kernels: shares, between, begin: marks[0]?.at ?? 0, end: marks.at(-1)?.at ?? 0, busy };
}
