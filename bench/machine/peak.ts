import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bestOf, type Peak } from "./roofline.ts";

/** The peak of one thread and of all. */
export interface Peaks {
  readonly one: Peak;
  readonly all: Peak;
}

/** A cache; a private one is there once for each core. */
interface Cache {
  readonly name: string;
  readonly bytes: number;
  readonly private: boolean;
}

const UNITS: Record<string, number> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** The caches of the first core, as Linux tells them; elsewhere usual ones. */
function caches(): Cache[] {
  const folder = "/sys/devices/system/cpu/cpu0/cache/";
  const read = (index: string, file: string) => readFileSync(join(folder, index, file), "utf8").trim();
  try {
    const found = readdirSync(folder)
      .filter((index) => index.startsWith("index") && read(index, "type") !== "Instruction")
      .map((index) => {
        const [, count = "", unit = ""] = read(index, "size").match(/^(\d+)([KMG]?)$/) ?? [];
        const level = Number(read(index, "level"));
        return { name: `L${level}`, bytes: Number(count) * (UNITS[unit] ?? 1), private: level < 3 };
      });
    if (found.length > 0) return found.sort((a, b) => a.bytes - b.bytes);
  } catch {
    // another system, or none that tells
  }
  return [
    { name: "L1", bytes: 32 * 2 ** 10, private: true },
    { name: "L2", bytes: 512 * 2 ** 10, private: true },
    { name: "L3", bytes: 16 * 2 ** 20, private: false },
  ];
}

/** Bytes of the arrays that memory's own speed is measured with: beyond any cache. */
const BEYOND = 2 ** 28;

/** Runs bench/machine/peak.c: the level's speed by an array of half its size, cut among the threads. */
function measureWith(program: string, threads: number): Peak {
  const levels = caches().map(({ name, bytes, ...cache }) => ({
    name,
    bytes: cache.private ? bytes * threads : bytes,
  }));
  const sizes = [...levels.map(({ bytes }) => bytes / 2), Math.max(BEYOND, 4 * (levels.at(-1)?.bytes ?? 0))];
  const said = execFileSync(program, [threads, ...sizes].map(String), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { gflops, gbytes } = JSON.parse(said) as { gflops: number; gbytes: number[] };
  return {
    threads,
    gflops,
    levels: [...levels, { name: "memory", bytes: Number.POSITIVE_INFINITY }].map((level, i) => ({
      ...level,
      gbytes: gbytes[i] ?? 0,
    })),
  };
}

/** Measures what 1 thread and `threads` can do; a text says why it could not be measured. Takes some seconds. */
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
    const one = measureWith(program, 1);
    return { one, all: threads === 1 ? one : measureWith(program, threads) };
  } catch (error) {
    return `the machine peak could not be measured: ${String(error instanceof Error ? error.message : error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function betterPeaks(first: Peaks, second: Peaks): Peaks {
  return { one: bestOf(first.one, second.one), all: bestOf(first.all, second.all) };
}
