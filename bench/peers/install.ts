import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The peers' own folder: their packages are none of the project's. */
export const peersFolder = fileURLToPath(new URL("./", import.meta.url));

/** Installs what package-lock.json of the peers' folder names, unless that is there; a text says why that failed. */
export function installPeers(): string | undefined {
  if (isInstalled()) return undefined;
  console.log("Installing the other JavaScript libraries into bench/peers (some 400 MB, once)...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, stderr, error } = spawnSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: peersFolder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return status === 0 ? undefined : `npm ci failed: ${error?.message ?? stderr.trim()}`;
}

/** Whether npm's record of what it installed says the versions that the lock file says. */
function isInstalled(): boolean {
  const record = `${peersFolder}node_modules/.package-lock.json`;
  if (!existsSync(record)) return false;
  const versions = (path: string) => {
    const { packages } = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, { version?: string }> };
    return JSON.stringify(Object.entries(packages).flatMap(([name, { version }]) => (name ? [[name, version]] : [])));
  };
  return versions(record) === versions(`${peersFolder}package-lock.json`);
}

/** The version of an installed peer. */
export function peerVersion(name: string): string {
  return JSON.parse(readFileSync(`${peersFolder}node_modules/${name}/package.json`, "utf8")).version;
}
