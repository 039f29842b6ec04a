import { mkdtempSync, rmSync } from "node:fs";
import { lstat, mkdir, realpath, stat, statfs } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fail } from "../../../util/index.ts";

/** Codes of errors that say "nothing can be stored here", as opposed to bugs. */
const STORAGE_CODES = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "EIO", "ENOENT", "EMFILE"]);

/** Bits of a file's mode that let the group or anyone write. */
const SHARED_WRITE = 0o022;

/** A place could not store something: the disk is full, the folder is read-only... */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** Where compiled libraries are kept: DESCENT_CACHE, or descent in XDG_CACHE_HOME, or ~/.cache/descent. */
export function cachePath(): string {
  const { DESCENT_CACHE, XDG_CACHE_HOME } = process.env;
  if (DESCENT_CACHE) return resolve(DESCENT_CACHE);
  const caches = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(caches, "descent");
}

/** Turns "nothing can be stored here" into a {@link StorageError}; throws other errors as they are. */
export function storageFailure(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && STORAGE_CODES.has(code)) return new StorageError(message, { cause: error });
  throw error;
}

/**
 * Makes the cache folder (mode 0700) or checks the one that is there.
 * Its libraries are loaded and run, so whoever can write to it can run code as this user.
 *
 * @throws DescentError when the folder is no folder, or others can write to it; StorageError when it can't be made.
 */
export async function openCache(): Promise<string> {
  const path = cachePath();
  try {
    await makeFolder(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") {
      fail(`the cache folder ${path} is not a folder`, undefined, "remove that file or set DESCENT_CACHE to a folder");
    }
    throw storageFailure(error);
  }
  await requirePrivate(path);
  await requireSafeParents(path);
  return path;
}

/** As mkdir -p does. (Node's own never returns where a file system refuses with ENOENT, as /proc does, and hides EROFS.) */
async function makeFolder(path: string, parents = true): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) return;
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !parents || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path, false);
  }
}

/**
 * Refuses a file or folder that another user owns or may write to. A link counts by what it leads to.
 *
 * @throws DescentError naming the owner or the mode, and the command that mends it.
 */
export async function requirePrivate(path: string): Promise<void> {
  const me = process.getuid?.();
  if (me === undefined) return;
  const { uid, mode } = await stat(path);
  const expected = "one that only you can write to: what lies in it is run as code";
  if (uid !== me) {
    fail(
      `${path} belongs to user ${uid}, you are ${me}`,
      expected,
      `remove it, or set DESCENT_CACHE to another folder`,
    );
  }
  if (mode & SHARED_WRITE) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    fail(
      `other users can write to ${path} (mode ${octal})`,
      expected,
      `chmod go-w "${path}", if you trust its content`,
    );
  }
}

/** A folder above that anyone may rename in (world-writable, not sticky as /tmp is) makes the folder below worthless. */
async function requireSafeParents(path: string): Promise<void> {
  let folder = await realpath(path);
  while (folder !== dirname(folder)) {
    folder = dirname(folder);
    const { mode } = await lstat(folder);
    const open = (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
    if (open && process.getuid) {
      fail(
        `anyone can rename what lies in ${folder}, where the cache folder ${path} is`,
        "parents that only their owners can write to",
        `chmod o-w "${folder}", or set DESCENT_CACHE to another folder`,
      );
    }
  }
}

/** Cache folders that could not be written in this process, and why. */
const broken = new Map<string, StorageError>();
/** What stands in for them. */
let substitute: string | undefined;

/** The folders where something may have been stored: the cache folder, and what stands in for it in this process. */
export async function storageFolders(): Promise<string[]> {
  const folders = substitute === undefined ? [] : [substitute];
  try {
    return [await openCache(), ...folders];
  } catch (error) {
    if (error instanceof StorageError) return folders;
    throw error;
  }
}

/**
 * Does work that writes, in the cache folder; where that can't be written (read-only, full), in a private temporary folder,
 * which is removed when this process ends. The first time it warns, with the reason.
 *
 * @param work rejects with {@link StorageError} when the folder can't store what it makes, and is then called again
 * @throws DescentError when there is no place in the temporary folder either
 */
export async function withStorage<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const path = cachePath();
  let trouble = broken.get(path);
  if (!trouble) {
    try {
      return await work(await openCache());
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      trouble = error;
    }
    broken.set(path, trouble);
  }
  try {
    return await work(openSubstitute(trouble));
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    broken.delete(path);
    const places = `neither in ${path} (${trouble.message}) nor in ${tmpdir()} (${error.message})`;
    fail(
      `there is no place for compiled programs, ${places}`,
      "a folder with a few free megabytes",
      "free some space, or set DESCENT_CACHE to a folder that you can write to",
    );
  }
}

/** Synchronous, so that two calls at once make one folder. */
function openSubstitute(reason: StorageError): string {
  if (substitute !== undefined) return substitute;
  try {
    substitute = mkdtempSync(join(tmpdir(), "descent-"));
  } catch (error) {
    throw storageFailure(error);
  }
  const path = substitute;
  process.once("exit", () => rmSync(path, { recursive: true, force: true }));
  const what = `compiled programs can't be kept in ${cachePath()} (${reason.message})`;
  process.emitWarning(`${what}; using ${path} until this process ends.`, "DescentWarning");
  return path;
}

/** Words of compilers and linkers about a disk; they are asked to speak English. */
const DISK_WORDS = /No space left on device|Disk quota exceeded|Read-only file system|File too large/;

/** Bytes below which a program that failed while writing is taken to have failed for lack of space. */
const LEAST_SPACE = 1 << 20;

/** Whether a tool that worked in this folder failed because nothing more can be stored there. */
export async function storageTrouble(folder: string, said: string): Promise<StorageError | undefined> {
  const words = DISK_WORDS.exec(said)?.[0];
  if (words !== undefined) return new StorageError(words);
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < LEAST_SPACE) return new StorageError(`${bavail * bsize} bytes left on the device`);
  } catch {
    // The system does not tell.
  }
  return undefined;
}
