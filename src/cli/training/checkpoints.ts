import { readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CheckpointOptions } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { here } from "../data/files.ts";
import { EXIT, part, refuse } from "../exit.ts";

/** Where the trainings of one command are kept while it lasts. */
export interface RunCheckpoints {
  /** Options for the training of that name: a checkpoint every minute. */
  readonly of: (name: string) => CheckpointOptions;
  /** What `keep` kept for the run that goes on; undefined for one that begins. */
  readonly kept: (name: string) => Promise<unknown>;
  /** Keeps what is not to be computed again. */
  readonly keep: (name: string, facts: object) => Promise<void>;
  /** When all is written. */
  readonly remove: () => Promise<void>;
}

/** Refuses to begin anew where an earlier run can go on. */
export async function openCheckpoints(folder: string, resume: boolean): Promise<RunCheckpoints> {
  const kept = join(folder, "checkpoints");
  await removeAtOnce(kept, true);
  if (!resume) {
    const trainings = await readdir(kept).catch(() => [] as string[]);
    const names = await Promise.all(trainings.map((name) => readdir(join(kept, name)).catch(() => [] as string[])));
    if (names.flat().some((name) => name.startsWith("step-"))) refuseAnew(kept);
  }
  return {
    of: (name) => ({ folder: join(kept, name), every: { minutes: 1 }, keep: { last: 2, best: 0 }, resume }),
    kept: async (name) => {
      const text = resume ? await readFile(join(kept, `${name}.json`), "utf8").catch(() => undefined) : undefined;
      return text === undefined ? undefined : part(EXIT.data, () => JSON.parse(text), here(join(kept, `${name}.json`)));
    },
    keep: (name, facts) => writeFileAtomic(join(kept, `${name}.json`), JSON.stringify(facts)),
    remove: () => removeAtOnce(kept),
  };
}

/**
 * Removes a folder of checkpoints such that it is there as a whole or not at all, whenever the process is killed: half of one would be refused as damaged.
 *
 * @param rest only what an earlier process has left of it.
 */
export async function removeAtOnce(kept: string, rest = false): Promise<void> {
  const gone = join(dirname(kept), `.${basename(kept)}-gone`);
  await rm(gone, { recursive: true, force: true });
  if (rest) return;
  await rename(kept, gone).catch((error: { code?: string }) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rm(gone, { recursive: true, force: true });
}

export function refuseAnew(kept: string): never {
  const fix = `--resume to go on with it, or another --output; remove ${here(kept)} to begin anew`;
  return refuse(EXIT.usage, `${here(kept)} holds checkpoints of a training that did not end`, fix);
}
