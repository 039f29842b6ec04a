import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CheckpointOptions } from "../../train/index.ts";
import { here } from "../data/files.ts";
import { EXIT, refuse } from "../exit.ts";

/** Where the trainings of one command are kept while it lasts. */
export interface RunCheckpoints {
  /** Options for the training of that name: a checkpoint every minute. */
  readonly of: (name: string) => CheckpointOptions;
  /** When all is written. */
  readonly remove: () => Promise<void>;
}

/** Refuses to begin anew where an earlier run can go on. */
export async function openCheckpoints(folder: string, resume: boolean): Promise<RunCheckpoints> {
  const kept = join(folder, "checkpoints");
  if (!resume) {
    const trainings = await readdir(kept).catch(() => [] as string[]);
    const names = await Promise.all(trainings.map((name) => readdir(join(kept, name)).catch(() => [] as string[])));
    if (names.flat().some((name) => name.startsWith("step-"))) refuseAnew(kept);
  }
  return {
    of: (name) => ({ folder: join(kept, name), every: { minutes: 1 }, keep: { last: 2, best: 0 }, resume }),
    remove: () => rm(kept, { recursive: true, force: true }),
  };
}

export function refuseAnew(kept: string): never {
  const fix = `--resume to go on with it, or another --output; remove ${here(kept)} to begin anew`;
  return refuse(EXIT.usage, `${here(kept)} holds checkpoints of a training that did not end`, fix);
}
