import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the machine can do. */
export interface Peak {
  /** float32 multiply-adds out of registers, in 1e9 operations per second (an FMA counts as two). */
  gflops: number;
  /** Reading one array and writing another, both far beyond the caches, in 1e9 bytes per second. */
  gbytes: number;
}

/** The peak of one thread and of all. */
export interface Peaks {
  one: Peak;
  all: Peak;
}

/** The better of two measurements: what disturbs a machine only ever makes it slower. */
export function bestOf(first: Peaks, second: Peaks): Peaks {
  const best = (a: Peak, b: Peak): Peak => ({
    gflops: Math.max(a.gflops, b.gflops),
    gbytes: Math.max(a.gbytes, b.gbytes),
  });
  return { one: best(first.one, second.one), all: best(first.all, second.all) };
}

/** Measures the peak with 1 thread and with `threads` (bench/peak.c); a text says why it could not be measured. */
export function measurePeak(threads: number): Peaks | string {
  const compiler = [process.env.CC, "cc", "gcc", "clang"].find(
    (name) => name && spawnSync(name, ["--version"]).status === 0,
  );
  if (!compiler) return "no C compiler found (cc, gcc or clang), so no machine peak";
  const folder = mkdtempSync(join(tmpdir(), "descent-peak-"));
  try {
    const program = join(folder, "peak");
    const source = fileURLToPath(new URL("./peak.c", import.meta.url));
    execFileSync(compiler, ["-O3", "-march=native", "-pthread", source, "-o", program], { stdio: "pipe" });
    const run = (count: number): Peak =>
      JSON.parse(execFileSync(program, [String(count)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    return { one: run(1), all: run(threads) };
  } catch (error) {
    return `the machine peak could not be measured: ${String(error instanceof Error ? error.message : error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
