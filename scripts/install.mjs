import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** A JSON file's content; undefined when it is missing or damaged. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** True when node_modules holds exactly what package-lock.json asks for on this kind of machine. */
function isInstalled(lock) {
  const present = readJson(`${root}node_modules/.package-lock.json`)?.packages;
  if (!lock?.packages || !present) return false;
  return Object.entries(lock.packages).every(
    ([path, entry]) => path === "" || entry.optional || entry.peer || present[path]?.version === entry.version,
  );
}

/** True when the lock names every package that its packages ask for; `npm ci` refuses one that does not. */
function isComplete(lock) {
  const names = new Set(Object.keys(lock.packages).map((path) => path.split("node_modules/").at(-1)));
  return Object.values(lock.packages).every(({ dependencies, optionalDependencies }) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).every((name) => names.has(name)),
  );
}

/**
 * Installs what is missing; exits when that fails. `npm ci` where package-lock.json is usable, else `npm install`: a
 * registry that lacks a package for another system leaves a lock behind that only the latter takes. No package needs its
 * install script, so none is run.
 */
export function ensureInstalled() {
  const lock = readJson(`${root}package-lock.json`);
  if (isInstalled(lock)) return;
  let failure = 1;
  for (const command of lock?.packages && isComplete(lock) ? ["ci", "install"] : ["install"]) {
    console.log(`Installing what is missing (npm ${command})...`);
    const { status, error } = spawnSync("npm", [command, "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    if (status === 0) return;
    if (error) console.error(`npm could not be started: ${error.message}`);
    failure = status ?? 1;
  }
  process.exit(failure);
}
