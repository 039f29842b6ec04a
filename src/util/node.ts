import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { removeUnlessDone } from "./unfinished.ts";

export { removeUnlessDone } from "./unfinished.ts";

/**
 * Writes a whole file or nothing, in one piece or several: beside it under another name, flushed to the disk, then renamed over it.
 * Ended by a signal, the process leaves no such file; one of a kill -9 is in nobody's way, for no two have the same name.
 *
 * @throws the file system's error (a full disk, a read-only folder), or that of the pieces; the old file is then as it was.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const beside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  const done = removeUnlessDone(beside);
  try {
    const file = await open(beside, "wx");
    try {
      for await (const part of typeof data === "string" || data instanceof Uint8Array ? [data] : data)
        await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    done();
  }
  await syncFolder(folder);
}

/** Makes renames inside `folder` durable; a no-op where folders can't be opened (Windows). */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(join(folder, "."), "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Not every system lets a folder be opened or synced; the file itself is already on the disk.
  }
}
