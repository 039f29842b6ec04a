import { chmod, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DescentError, fail } from "../../../util/index.ts";
import type { Compiler } from "./compiler.ts";
import { storageFailure, storageTrouble } from "./folder.ts";
import { compilers, type Outcome, runCommand } from "./process.ts";

/** The name of the library in the folder that {@link buildLibrary} makes. */
export const LIBRARY = "library.so";

/** Lines of a compiler's complaint that an error repeats. */
const LINES_SHOWN = 8;

/**
 * Compiles sources, all at once, and links them to one library in a new folder below `folder`: {@link LIBRARY} and the sources.
 *
 * @returns the new folder's path
 * @throws StorageError when the folder can't be written; DescentError when the compiler refuses a source, which is then kept
 */
export async function buildLibrary(
  name: string,
  sources: readonly string[],
  compiler: Compiler,
  folder: string,
): Promise<string> {
  let work: string | undefined;
  try {
    work = await mkdtemp(join(folder, "build-"));
    await build(name, sources, compiler, work);
    return work;
  } catch (error) {
    // What the compiler refused stays, for the reader of the message.
    if (work !== undefined && !(error instanceof DescentError)) await rm(work, { recursive: true, force: true });
    throw error instanceof DescentError ? error : storageFailure(error);
  }
}

async function build(name: string, sources: readonly string[], compiler: Compiler, work: string): Promise<void> {
  const files = sources.map((_, i) => `source${i}.c`);
  await Promise.all(files.map((file, i) => writeFile(join(work, file), sources[i] ?? "")));
  const [command = "", ...first] = compiler.command;
  const run = (...args: readonly string[]) =>
    compilers.pass(() =>
      // The compiler's own temporary files go where there is room for the result.
      runCommand(command, [...first, ...args], { cwd: work, env: { LC_ALL: "C", TMPDIR: work } }),
    );
  const objects = files.length === 1 ? files : files.map((file) => file.replace(/c$/, "o"));
  if (files.length > 1) {
    const outcomes = files.map((file, i) => run(...compiler.flags, "-c", file, "-o", objects[i] ?? ""));
    for (const outcome of await Promise.all(outcomes)) await check(outcome, name, compiler, work);
  }
  await check(
    await run(...compiler.flags, "-shared", ...objects, "-o", LIBRARY, "-pthread", "-lm"),
    name,
    compiler,
    work,
  );
  if (files.length > 1) await Promise.all(objects.map((object) => rm(join(work, object))));
  await chmod(join(work, LIBRARY), 0o700);
}

async function check(outcome: Outcome, name: string, compiler: Compiler, work: string): Promise<void> {
  if (outcome.code === 0) return;
  const trouble = await storageTrouble(work, outcome.stderr);
  if (trouble) throw trouble;
  const kept = work.replace(/build-(\w+)$/, "failed-$1");
  await rename(work, kept);
  const said = outcome.stderr.split("\n").filter((line) => line.trim() !== "");
  fail(
    `the C compiler refused the program "${name}" (${compiler.version}):\n${said.slice(0, LINES_SHOWN).join("\n")}\nIts source is in ${kept}`,
    undefined,
    "report this with that folder; with DESCENT_ENGINE=wasm no compiler is needed",
  );
}
