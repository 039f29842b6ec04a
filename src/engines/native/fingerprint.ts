import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundled } from "../../util/index.ts";
import { digest } from "./toolchain/index.ts";

/** The folders, beside this engine's, whose code decides what a program is compiled to. */
const FOLDERS = ["util", "ir", "passes", "codegen", "engines/native"] as const;

let computing: Promise<string | undefined> | undefined;

/**
 * A hash of the code that compiles programs: what this code made of a program once, it makes again. A version number would not do, since
 * clones change without it. Undefined where the code does not lie in files of its own (somebody bundled it).
 */
export function fingerprint(): Promise<string | undefined> {
  computing ??=
    bundled === undefined
      ? fingerprintOf(import.meta.url).catch(() => undefined)
      : Promise.resolve(digest(process.version, bundled));
  return computing;
}

/** The same for the code that the given URL of this very file belongs to. */
export async function fingerprintOf(url: string): Promise<string | undefined> {
  const extension = /\/engines\/native\/fingerprint(\.[jt]s)$/.exec(url)?.[1];
  if (extension === undefined) return undefined;
  const root = fileURLToPath(new URL("../..", url));
  const files = (await Promise.all(FOLDERS.map((folder) => filesBelow(root, folder)))).flat();
  const sources = files.filter((name) => name.endsWith(extension) && !name.endsWith(".d.ts")).sort();
  const contents = await Promise.all(sources.map((name) => readFile(join(root, name))));
  return digest(process.version, ...sources.flatMap((name, i) => [name, contents[i]!]));
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const names = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
  return (await Promise.all(names)).flat();
}
