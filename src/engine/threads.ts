import { environment, fail, hasNode } from "../util/index.ts";
import { nodeModule } from "./node-module.ts";

/** The most threads that an engine's pool may have. */
const MOST = 1024;

/**
 * Threads that programs run on: DESCENT_THREADS, else the cores this process may use, by affinity and by the container's quota;
 * in a browser the cores that it tells of.
 *
 * @throws DescentError when DESCENT_THREADS is no whole number from 1 to 1024
 */
export async function defaultThreads(): Promise<number> {
  const wanted = environment("DESCENT_THREADS");
  if (!wanted) return Math.min(await cores(), MOST);
  const threads = Number(wanted);
  if (!/^\d+$/.test(wanted.trim()) || threads < 1 || threads > MOST) {
    fail(`DESCENT_THREADS is "${wanted}"`, `a whole number from 1 to ${MOST}`);
  }
  return threads;
}

async function cores(): Promise<number> {
  if (!hasNode()) return Math.max(1, globalThis.navigator?.hardwareConcurrency || 1);
  const { availableParallelism } = await nodeModule("node:os");
  return Math.min(availableParallelism(), await quota());
}

/** Cores that the container's scheduler quota allows ("docker run --cpus 2"): Node counts the machine's. */
async function quota(): Promise<number> {
  const { readFileSync } = await nodeModule("node:fs");
  const words = (path: string): string[] | undefined => {
    try {
      return readFileSync(path, "utf8").trim().split(" ");
    } catch {
      return undefined;
    }
  };
  // Version 2 of control groups holds "max 100000" or "200000 100000", version 1 a file for each number (-1: no limit).
  const [limit, period] = words("/sys/fs/cgroup/cpu.max") ?? [
    words("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?.[0],
    words("/sys/fs/cgroup/cpu/cpu.cfs_period_us")?.[0],
  ];
  const allowed = Number(limit) / Number(period);
  return allowed > 0 ? Math.ceil(allowed) : Number.POSITIVE_INFINITY;
}
