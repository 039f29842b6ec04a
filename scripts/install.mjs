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

/** Runs `npm ci` when something is missing (`npm install` when package-lock.json is unusable); exits when that fails. */
export function ensureInstalled() {
  const lock = readJson(`${root}package-lock.json`);
  if (isInstalled(lock)) return;
  const command = lock?.packages ? "ci" : "install";
  console.log(`Installing what is missing (npm ${command})...`);
  const { status, error } = spawnSync("npm", [command, "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (error) console.error(`npm could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
