import { readdir, readFile, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { flatten } from "../training/records.ts";
import { type RunRecord, readRun } from "./record.ts";

/** A run as its folder tells it. */
export interface FoundRun {
  /** Its folder, as short as it is unique among those that were asked for. */
  readonly name: string;
  readonly folder: string;
  readonly record: RunRecord;
  /** "killed" of one that says it runs and does not. */
  readonly status: RunRecord["status"] | "killed";
  /** Figures of its test, by name; none before it has ended. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Seconds that the training took; undefined before it has ended. */
  readonly seconds: number | undefined;
}

/** The runs in a folder and in its folders, the one that began last first. */
export async function runsIn(folder: string): Promise<FoundRun[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  const found = await Promise.all(
    names.map(async (name): Promise<FoundRun[]> => {
      const run = await runAt(join(folder, name), name);
      if (run) return [run];
      const inner = await readdir(join(folder, name), { withFileTypes: true }).catch(() => []);
      const below = inner.filter((entry) => entry.isDirectory()).map((entry) => `${name}/${entry.name}`);
      const runs = await Promise.all(below.map((path) => runAt(join(folder, path), path)));
      return runs.filter((each) => each !== undefined);
    }),
  );
  return found.flat().sort((a, b) => b.record.started.localeCompare(a.record.started));
}

/** The run in a folder; undefined where there is none. */
export async function runAt(folder: string, name = basename(folder)): Promise<FoundRun | undefined> {
  const record = await readRun(folder);
  if (!record) return undefined;
  const file =
    record.status === "finished" ? await readFile(join(folder, "metrics.json"), "utf8").catch(() => "{}") : "{}";
  const { test = {}, seconds, regression = {} } = parsed(file);
  const numbers = Object.entries({ ...flatten(test), ...flatten(regression) }).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "samples",
  );
  return {
    name,
    folder,
    record,
    status: record.status === "running" && !(await isAlive(record)) ? "killed" : record.status,
    metrics: Object.fromEntries(numbers),
    seconds: typeof seconds === "number" ? seconds : undefined,
  };
}

type Metrics = { test?: Record<string, unknown>; regression?: Record<string, unknown>; seconds?: unknown };

function parsed(text: string): Metrics {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Metrics) : {};
  } catch {
    return {};
  }
}

/** Whether the process of a run is there; on another machine nobody knows, and it is believed. */
async function isAlive({ process: { host, id } }: RunRecord): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return (await stat(`/proc/${id}`).catch(() => undefined)) !== undefined; // there, and another user's
  }
}
