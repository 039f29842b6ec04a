import { existsSync, mkdtempSync, renameSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { makeNodePackage, makeScript } from "../../scripts/node-package.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A folder of that name made by `make` once for all tests of a run; two that make it at the same time make the same. */
async function once(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject("built"), name);
  if (existsSync(folder)) return folder;
  const mine = mkdtempSync(join(inject("built"), "making-"));
  await make(mine);
  try {
    renameSync(mine, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** A folder with the package as far as Node's programs use it: bin/descent.mjs, dist/node/. */
export function builtPackage(): Promise<string> {
  return once("package", makeNodePackage);
}

/**
 * A TypeScript program of the tests, with all that it imports, as one file of JavaScript: it starts in a fifth of the time that tsx takes
 * for its modules.
 *
 * @param url the program's
 */
export async function builtScript(url: URL): Promise<string> {
  const program = fileURLToPath(url);
  const name = relative(root, program).replaceAll(/[\\/]/g, "-").replace(/\.ts$/, "");
  const folder = await once(name, (made) => makeScript(program, join(made, "script.mjs")));
  return join(folder, "script.mjs");
}
