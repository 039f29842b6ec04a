import { access, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail } from "../../util/index.ts";
import { writeFileAtomic } from "../../util/node.ts";

/**
 * A folder of files that change together or not at all, whenever the machine stops.
 *
 * Each new file is written and flushed beside its place as `NAME.next`, the main file last: the rename that makes
 * `MAIN.next` appear commits. Then every `.next` file is renamed into its place, the main file last again. A reader that
 * finds `MAIN.next` therefore knows that all new files are whole and takes those not yet renamed by their `.next` name;
 * without it the old files are the truth and stray `.next` files are leftovers. Fixed names, other files in the folder
 * untouched, no moment without a readable version.
 */
export interface FolderFile {
  readonly name: string;
  readonly data: string | Uint8Array | readonly Uint8Array[];
}

const next = (name: string) => `${name}.next`;

/**
 * Writes the files, the last of which is the main one, and removes those of `gone`.
 *
 * @throws DescentError when the disk is full or the folder cannot be written; the old files are then as they were.
 */
export async function writeFolder(
  folder: string,
  files: readonly FolderFile[],
  gone: readonly string[],
): Promise<void> {
  const main = files.at(-1)?.name ?? "";
  try {
    await makeFolder(folder);
    const everyName = [...files.slice(0, -1).map(({ name }) => name), ...gone];
    if (await exists(join(folder, next(main)))) await settle(folder, [...everyName, main]);
    for (const { name, data } of files) await writeFileAtomic(join(folder, next(name)), data);
  } catch (error) {
    for (const { name } of [...files].reverse()) await rm(join(folder, next(name)), { force: true }).catch(() => {});
    fail(
      `the model could not be saved to ${folder}: ${reason(error)}`,
      "a folder that can be written, with enough space",
      "free space or give another folder; what was saved there before is unchanged",
    );
  }
  await settle(
    folder,
    files.map(({ name }) => name),
  );
  for (const name of gone) await rm(join(folder, name), { force: true });
}

/** Makes a folder and those above it; level by level, since Node's recursive form calls a read-only disk a missing file. */
async function makeFolder(folder: string): Promise<void> {
  if (await exists(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: { code?: string }) => {
    if (error.code !== "EEXIST") throw error; // someone else was quicker
  });
}

/** Renames committed files into their places, in the order given (main last). */
async function settle(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await exists(join(folder, next(name)))) await rename(join(folder, next(name)), join(folder, name));
  }
}

/**
 * The path under which the committed version of a file lies.
 *
 * @param main the folder's main file, whose `.next` tells that a save was committed and not yet settled.
 */
export async function committedPath(folder: string, main: string, name: string): Promise<string> {
  const pending = await exists(join(folder, next(main)));
  return pending && (await exists(join(folder, next(name)))) ? join(folder, next(name)) : join(folder, name);
}

/**
 * Reads a whole file whose size is known beforehand.
 *
 * @param size bytes that the file must have; checked before anything is read.
 * @throws DescentError when it is missing or of another size.
 */
export async function readSized(path: string, size: number): Promise<Uint8Array> {
  const found = await stat(path).catch((error: unknown) => {
    fail(`${path} cannot be read: ${reason(error)}`, "the file that model.json names", "copy the whole model folder");
  });
  if (!found.isFile() || found.size !== size) {
    fail(`${path} has ${found.size} bytes`, `${size} bytes, as model.json says`, "copy the whole model folder again");
  }
  return readFile(path);
}

/** What a file system error means, in words. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const words: Record<string, string> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EROFS: "the disk is read-only",
    EACCES: "no permission",
    EPERM: "no permission",
    ENOENT: "there is no such file",
    ENOTDIR: "a part of its path is not a folder",
    EISDIR: "it is a folder",
    EEXIST: "a file of this name is in the way",
  };
  return (code && words[code]) || message || String(error);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
