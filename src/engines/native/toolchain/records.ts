import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { debuglog } from "node:util";
import { DescentError } from "../../../util/index.ts";
import { requirePrivate, storageFolders, withStorage } from "./folder.ts";
import { readSealed, writeSealed } from "./seal.ts";

const debug = debuglog("descent");

const recordName = (key: string) => `program-${key}.json`;

/**
 * What was kept under a key of 64 hexadecimal digits; undefined when nothing was, or it was damaged.
 *
 * @throws DescentError when others can write to the cache
 */
export async function recallRecord(key: string): Promise<string | undefined> {
  for (const folder of await storageFolders()) {
    const path = join(folder, recordName(key));
    const content = await readSealed(path);
    if (content === undefined) continue;
    await requirePrivate(path);
    const now = new Date();
    // When it was last used, for pruning; a read-only cache has no need of it.
    await utimes(path, now, now).catch(() => undefined);
    return content;
  }
  return undefined;
}

/** Keeps a record in the cache, whole or not at all: without it a program is only made once more. */
export async function keepRecord(key: string, content: string): Promise<void> {
  try {
    await withStorage((folder) => writeSealed(join(folder, recordName(key)), content));
  } catch (error) {
    if (error instanceof DescentError) throw error;
    debug("a record can't be kept: %s", (error as Error).message);
  }
}
