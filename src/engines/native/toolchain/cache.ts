import { createHash } from "node:crypto";
import { lstat, open, readFile, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { debuglog } from "node:util";
import { DescentError } from "../../../util/index.ts";
import { buildLibrary, LIBRARY } from "./build.ts";
import type { Compiler } from "./compiler.ts";
import { requirePrivate, StorageError, storageFailure, storageFolders, withStorage } from "./folder.ts";
import { pruneCache } from "./prune.ts";
import { digest, readSealed, writeSealed } from "./seal.ts";

const debug = debuglog("descent");

/** C text that becomes one shared library. */
export interface LibrarySource {
  /** For messages. */
  readonly name: string;
  /** Translation units: compiled in parallel, then linked. */
  readonly sources: readonly string[];
}

export interface CompiledLibrary {
  /** Finds it again: see {@link findLibrary}. */
  readonly key: string;
  /** The shared library's path. */
  readonly path: string;
  /** Whether it was there already. */
  readonly cached: boolean;
  /** Milliseconds that compiling took; 0 when it was there. */
  readonly compileMs: number;
}

/** The hash of the library as it was written, beside it. */
const CHECKSUM = "checksum";

const underWay = new Map<string, Promise<CompiledLibrary>>();
let pruned = false;

/**
 * Compiles C to a shared library, or finds the one compiled before from the same text by the same compiler with the same
 * flags for the same processor. Never blocks the event loop; processes may do it at the same time.
 *
 * @throws DescentError when the compiler refuses the source, others can write to the cache, or there is no place at all
 * @example
 * const { compiler } = await findCompiler();
 * if (compiler) await compileLibrary({ name: "one", sources: ["int one(void) { return 1; }"] }, { compiler });
 */
export function compileLibrary(
  { name, sources }: LibrarySource,
  { compiler }: { readonly compiler: Compiler },
): Promise<CompiledLibrary> {
  const key = digest("descent library 1", compiler.identity, ...sources);
  const known = underWay.get(key);
  if (known) return known;
  const promise = findOrBuild(key, name, sources, compiler).finally(() => underWay.delete(key));
  underWay.set(key, promise);
  return promise;
}

/**
 * The library that {@link compileLibrary} made, by its key; undefined when it is no longer there, or damaged.
 *
 * @throws DescentError when others can write to the cache
 */
export async function findLibrary(key: string): Promise<CompiledLibrary | undefined> {
  for (const folder of await storageFolders()) {
    const path = await lookUp(join(folder, key));
    if (path !== undefined) return { key, path, cached: true, compileMs: 0 };
  }
  return undefined;
}

async function findOrBuild(
  key: string,
  name: string,
  sources: readonly string[],
  compiler: Compiler,
): Promise<CompiledLibrary> {
  const found = await findLibrary(key);
  if (found) return found;
  const start = performance.now();
  const path = await withStorage(async (folder) => {
    // Old entries make room while the compiler works.
    const pruning = pruned ? undefined : pruneCache(folder);
    pruned = true;
    const built = await buildLibrary(name, sources, compiler, folder);
    await pruning;
    return store(built, join(folder, key));
  });
  const compileMs = performance.now() - start;
  debug("compiled %s in %d ms: %s", name, Math.round(compileMs), path);
  return { key, path, cached: false, compileMs };
}

/** The library of an entry that is whole; undefined when there is none, or it was damaged (it is then out of the way). */
async function lookUp(entry: string): Promise<string | undefined> {
  const library = join(entry, LIBRARY);
  const facts = await lstat(entry).catch(() => undefined);
  if (!facts) return undefined;
  try {
    if (!facts.isDirectory()) throw new Error("it is no folder");
    await requirePrivate(entry);
    const [bytes, checksum] = await Promise.all([readFile(library), readSealed(join(entry, CHECKSUM))]);
    if (checksum !== hash(bytes)) throw new Error("the checksum differs");
  } catch (error) {
    if (error instanceof DescentError) throw error;
    debug("rebuilding the damaged cache entry %s: %s", entry, (error as Error).message);
    await discard(entry);
    return undefined;
  }
  await requirePrivate(library);
  const now = new Date();
  // When it was last used, for pruning; a read-only cache has no need of it.
  await utimes(entry, now, now).catch(() => undefined);
  return library;
}

/** Gives a freshly built folder its final name; another process may have been faster with the same content. */
async function store(built: string, entry: string): Promise<string> {
  try {
    await writeSealed(join(built, CHECKSUM), hash(await readFile(join(built, LIBRARY))));
    for (const path of [join(built, LIBRARY), built]) await flush(path);
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await renamed(built, entry)) return join(entry, LIBRARY);
      const other = await lookUp(entry);
      if (other !== undefined) {
        await rm(built, { recursive: true, force: true });
        return other;
      }
    }
    throw new StorageError(`${entry} can't be replaced`);
  } catch (error) {
    await rm(built, { recursive: true, force: true });
    throw storageFailure(error);
  }
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return false;
    throw error;
  }
}

/** Takes an entry away at once (whoever has its library open keeps it), and then removes its files. */
async function discard(entry: string): Promise<void> {
  const aside = `${entry}.${process.pid}.${performance.now()}.old`;
  try {
    await rename(entry, aside);
    await rm(aside, { recursive: true, force: true });
  } catch (error) {
    debug("the damaged cache entry %s stays: %s", entry, (error as Error).message);
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
