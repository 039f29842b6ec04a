import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fail } from "../../../util/index.ts";

/** The most threads that the runtime's pool can have (MAX_THREADS in source.ts). */
const MOST = 1024;

/**
 * Threads that programs run on: DESCENT_THREADS, else the cores this process may use, by affinity and by the container's quota.
 *
 * @throws DescentError when DESCENT_THREADS is no whole number from 1 to 1024
 */
export function defaultThreads(): number {
  const wanted = process.env["DESCENT_THREADS"];
  if (!wanted) return Math.min(availableParallelism(), quota(), MOST);
  const threads = Number(wanted);
  if (!/^\d+$/.test(wanted.trim()) || threads < 1 || threads > MOST) {
    fail(`DESCENT_THREADS is "${wanted}"`, `a whole number from 1 to ${MOST}`);
  }
  return threads;
}

/** Cores that the container's scheduler quota allows ("docker run --cpus 2"): Node counts the machine's. */
function quota(): number {
  // Version 2 of control groups holds "max 100000" or "200000 100000", version 1 a file for each number (-1: no limit).
  const [limit, period] = words("/sys/fs/cgroup/cpu.max") ?? [
    words("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?.[0],
    words("/sys/fs/cgroup/cpu/cpu.cfs_period_us")?.[0],
  ];
  const cores = Number(limit) / Number(period);
  return cores > 0 ? Math.ceil(cores) : Number.POSITIVE_INFINITY;
}

function words(path: string): string[] | undefined {
  try {
    return readFileSync(path, "utf8").trim().split(" ");
  } catch {
    return undefined;
  }
}
