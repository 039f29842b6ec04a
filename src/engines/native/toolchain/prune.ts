import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface PruneOptions {
  /** Bytes that may stay; default 512 MB. */
  readonly limitBytes?: number;
  /** Milliseconds for which nothing that was used is removed, because another process may be about to load it; default 1 h. */
  readonly keepMs?: number;
}

interface Entry {
  readonly path: string;
  readonly used: number;
  readonly bytes: number;
}

/** Libraries, and records of programs. */
const ENTRY = /^([0-9a-f]{64}|program-[0-9a-f]{64}\.json)$/;
/** What a build, a trial or a write that was interrupted leaves behind, and sources that a compiler refused. */
const LEFTOVER = /^(build|trial|failed)-|\.(old|tmp)$/;

/** Removes the entries that were not used for longest, until the rest fits the limit, and leftovers. Never fails. */
export async function pruneCache(folder: string, options: PruneOptions = {}): Promise<void> {
  const { limitBytes = 512e6, keepMs = 3_600_000 } = options;
  try {
    const names = (await readdir(folder)).filter((name) => ENTRY.test(name) || LEFTOVER.test(name));
    const entries = (await Promise.all(names.map((name) => measure(join(folder, name))))).filter((entry) => !!entry);
    let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const oldest = entries.filter(({ used }) => Date.now() - used >= keepMs).sort((a, b) => a.used - b.used);
    for (const entry of oldest) {
      if (bytes <= limitBytes && !LEFTOVER.test(entry.path.slice(folder.length + 1))) continue;
      await rm(entry.path, { recursive: true, force: true });
      bytes -= entry.bytes;
    }
  } catch {
    // Another process prunes too, or the folder is read-only: nothing depends on it.
  }
}

async function measure(path: string): Promise<Entry | undefined> {
  try {
    const facts = await stat(path);
    const names = facts.isDirectory() ? await readdir(path) : [];
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
    return { path, used: facts.mtimeMs, bytes: sizes.reduce((sum, size) => sum + size, facts.size) };
  } catch {
    return undefined;
  }
}
