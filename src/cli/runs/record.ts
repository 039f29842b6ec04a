import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../util/node.ts";
import { EXIT, type ExitCode, refuse } from "../exit.ts";
import { environmentOf, gitState } from "./environment.ts";

/** The file of a run's folder that says what the run is. */
export const RUN_FILE = "run.json";

const schema = z.object({
  format: z.literal("descent-run"),
  formatVersion: z.literal(1),
  /** "table", "images" or "config". */
  kind: z.string(),
  /** What it was trained on, or by. */
  source: z.string(),
  seed: z.number(),
  /** All that decides what comes out, but for the data. */
  settings: z.record(z.string(), z.unknown()),
  command: z.array(z.string()),
  started: z.string(),
  /** Times that it was taken up after an interruption. */
  resumed: z.array(z.string()),
  ended: z.nullable(z.string()),
  /** "running" until it ends; a run that was killed stays so. */
  status: z.enum(["running", "finished", "interrupted", "failed"]),
  process: z.object({ host: z.string(), id: z.number() }),
  environment: z.record(z.string(), z.unknown()),
  git: z.nullable(z.record(z.string(), z.unknown())),
});

/** What a run was made with and how it ended. */
export type RunRecord = z.infer<typeof schema>;

/** A run's record; undefined where there is none, or one that nobody can read. */
export async function readRun(folder: string): Promise<RunRecord | undefined> {
  const text = await readFile(join(folder, RUN_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What a command knows of its run before it trains. */
export type RunFacts = Pick<RunRecord, "kind" | "source" | "seed" | "settings">;

/**
 * Does the work of a run whose record says, from its beginning on, what it is, and afterwards how it ended.
 *
 * @param resume goes on with the run that is there, whose settings must be these.
 */
export async function recorded(
  folder: string,
  facts: RunFacts,
  resume: boolean,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  const settings = JSON.parse(JSON.stringify(facts.settings)) as RunRecord["settings"];
  const before = resume ? await readRun(folder) : undefined;
  if (before) checkSame(before, { ...facts, settings }, folder);
  const now = () => new Date().toISOString();
  const record: RunRecord = {
    format: "descent-run",
    formatVersion: 1,
    ...facts,
    settings,
    command: ["descent", ...process.argv.slice(2)],
    started: before?.started ?? now(),
    resumed: before ? [...before.resumed, now()] : [],
    ended: null,
    status: "running",
    process: { host: hostname(), id: process.pid },
    environment: { ...environmentOf() },
    git: { ...(await gitState(process.cwd())) },
  };
  if (Object.keys(record.git ?? {}).length === 0) record.git = null;
  const write = (status: RunRecord["status"], ended: string | null) =>
    writeFileAtomic(join(folder, RUN_FILE), `${JSON.stringify({ ...record, status, ended }, null, 2)}\n`);
  await write("running", null);
  let status: RunRecord["status"] = "failed";
  try {
    const code = await work();
    status = code === EXIT.ok ? "finished" : code === EXIT.interrupted ? "interrupted" : "failed";
    return code;
  } finally {
    await write(status, now());
  }
}

/** Refuses to go on with other settings than the run began with. Of configs, the checkpoint knows what must be the same. */
function checkSame(before: RunRecord, now: RunFacts, folder: string): void {
  if (before.kind === "config" && now.kind === "config") return;
  const all = (run: RunFacts) => ({ "what is trained": run.kind, source: run.source, seed: run.seed, ...run.settings });
  const [old, own]: Record<string, unknown>[] = [all(before), all(now)];
  for (const name of new Set([...Object.keys(old ?? {}), ...Object.keys(own ?? {})])) {
    const [was, is] = [old?.[name], own?.[name]].map((value) => JSON.stringify(value) ?? "not given");
    if (was === is || name === "epochs") continue;
    const fix = "the same options, or another --output to begin anew";
    refuse(EXIT.usage, `the run in ${folder} began with ${name} ${was}, not ${is}`, fix);
  }
}
