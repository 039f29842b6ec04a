import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { fail } from "../../util/index.ts";

/**
 * The folder of an installed npm package, found from here or from the working directory.
 *
 * @throws DescentError with the command that installs it.
 */
export function packageFolder(name: string): string {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), "package.json")).href]) {
    for (const folder of createRequire(from).resolve.paths(name) ?? []) {
      const entry = installedIn(from, join(folder, name));
      if (entry) return entry;
    }
  }
  return fail(`the npm package "${name}" is not installed`, undefined, `npm install ${name}`);
}

function installedIn(from: string, folder: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(join(folder, "package.json")));
  } catch {
    return undefined;
  }
}

/** A file of an installed package. */
export async function readPackageFile(folder: string, path: string): Promise<Buffer> {
  const file = join(folder, path);
  try {
    return await readFile(file);
  } catch (error) {
    return fail(
      `${file} can't be read (${(error as Error).message})`,
      "a complete package",
      "install the package again",
    );
  }
}

/** Names of the files in a folder of an installed package; undefined where folders cannot be listed. */
export async function listPackageFiles(folder: string, path: string): Promise<string[] | undefined> {
  return (await readdir(join(folder, path))).sort();
}
