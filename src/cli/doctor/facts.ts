import { readdir, stat } from "node:fs/promises";
import { arch, availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { join } from "node:path";
import { engineInfo, resolveEngine } from "../../tensor/index.ts";
import { oneLine } from "../exit.ts";
import { VERSION } from "../version.ts";
import { selfTest, type TrialResult } from "./selfTest.ts";

/** What `descent doctor` found out. */
export interface Diagnosis {
  versions: Record<string, string>;
  machine: { system: string; processor: string; cores: number; memoryBytes: number; freeBytes: number };
  engines: { name: string; available: boolean; detail: string; facts: Record<string, string | number> }[];
  /** What trainings use when they name none. */
  chosen: { engine: string; reason: string };
  cache?: { folder: string; files: number; bytes: number };
  selfTest: { engine: string; passed: boolean; seconds: number; trials: TrialResult[] };
}

/** Looks at machine and engines, and tests the chosen engine against the reference. */
export async function diagnose(): Promise<Diagnosis> {
  const engines = (await engineInfo()).map((info) => ({ facts: {}, ...info }));
  const { engine, reason } = await resolveEngine();
  const start = performance.now();
  const trials = await selfTest(engine.name);
  const seconds = (performance.now() - start) / 1000;
  const folder = engines.map(({ facts }) => (facts as Record<string, unknown>)["cache folder"]).find(Boolean);
  return {
    versions: { Descent: VERSION, Node: process.version, koffi: await koffiVersion() },
    machine: {
      system: `${process.platform} ${release()} ${arch()}`,
      processor: cpus()[0]?.model.trim() || "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      freeBytes: freemem(),
    },
    engines,
    chosen: { engine: engine.name, reason },
    ...(typeof folder === "string" && { cache: { folder, ...(await sizeOf(folder)) } }),
    selfTest: { engine: engine.name, passed: trials.every((trial) => trial.passed), seconds, trials },
  };
}

/** The version of the package that calls C, or why it can't be used. */
async function koffiVersion(): Promise<string> {
  try {
    const { default: koffi } = await import("koffi");
    return koffi.version;
  } catch (error) {
    return `can't be loaded: ${oneLine(error)}`;
  }
}

async function sizeOf(folder: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let [files, bytes] = [0, 0];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    files++;
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return { files, bytes };
}
