import { access, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "../../util/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { reason } from "./file-error.ts";
import { MODEL } from "./format.ts";
import type { ModelPart, ModelSource, ModelTarget } from "./place.ts";

/** A folder of the file system, by path or file: URL. */
export function folderTarget(place: string): ModelTarget {
  const folder = pathOf(place);
  return { write: (files, gone) => writeFolder(folder, files, gone) };
}

/** The files of a folder, by path or file: URL, in the version that was committed last. */
export function folderSource(place: string): ModelSource {
  const folder = pathOf(place);
  return {
    name: folder,
    async open(file) {
      const path = await committedPath(folder, MODEL, file);
      try {
        const facts = await stat(path);
        if (!facts.isFile()) return { path, missing: "it is no file" };
        return { path, size: facts.size, read: () => readFile(path) };
      } catch (error) {
        return { path, missing: reason(error) };
      }
    },
  };
}

function pathOf(place: string): string {
  return place.startsWith("file://") ? fileURLToPath(place) : place;
}

const next = (name: string) => `${name}.next`;

/**
 * Writes the files of a folder, the last of which is the main one, and removes those of `gone`: together or not at all,
 * whenever the machine stops.
 *
 * Each new file is written and flushed beside its place as `NAME.next`, the main file last: the rename that makes
 * `MAIN.next` appear commits. Then every `.next` file is renamed into its place, the main file last again. A reader that
 * finds `MAIN.next` therefore knows that all new files are whole and takes those not yet renamed by their `.next` name;
 * without it the old files are the truth and stray `.next` files are leftovers. Fixed names, other files in the folder
 * untouched, no moment without a readable version.
 *
 * @throws DescentError when the disk is full or the folder cannot be written; the old files are then as they were.
 */
export async function writeFolder(folder: string, files: readonly ModelPart[], gone: readonly string[]): Promise<void> {
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

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
