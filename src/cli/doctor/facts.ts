import { readdir, stat } from "node:fs/promises";
import { arch, availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { join } from "node:path";
import { type EngineInfo, engineInfo, resolveEngine } from "../../tensor/index.ts";
import { oneLine } from "../exit.ts";
import { VERSION } from "../version.ts";
import { selfTest, type TrialResult } from "./selfTest.ts";

/** What `descent doctor` found out. */
export interface Diagnosis {
  versions: Record<string, string>;
  machine: { system: string; processor: string; cores: number; memoryBytes: number; freeBytes: number };
  engines: EngineInfo[];
  /** What trainings use when they name none; without an engine, why. */
  chosen: { engine: string | undefined; reason: string };
  cache?: { folder: string; files: number; bytes: number };
  selfTest: { engine: string | undefined; passed: boolean; seconds: number; trials: TrialResult[] };
}

/** Looks at machine and engines, and tests the chosen engine against the reference. */
export async function diagnose(): Promise<Diagnosis> {
  const engines = await engineInfo();
  const { engine, reason } = await choose();
  const start = performance.now();
  const trials = engine === undefined ? [] : await selfTest(engine);
  const seconds = (performance.now() - start) / 1000;
  const folder = engines.map(({ facts }) => facts["cache folder"]).find(Boolean);
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
    chosen: { engine, reason },
    ...(typeof folder === "string" && { cache: { folder, ...(await sizeOf(folder)) } }),
    selfTest: { engine, passed: trials.length > 0 && trials.every((trial) => trial.passed), seconds, trials },
  };
}

/** The engine that a training would use; undefined when choosing one fails (a cache folder that others can write to). */
async function choose(): Promise<{ engine: string | undefined; reason: string }> {
  try {
    const { engine, reason } = await resolveEngine();
    return { engine: engine.name, reason };
  } catch (error) {
    return { engine: undefined, reason: oneLine(error) };
  }
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
