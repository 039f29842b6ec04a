import { access, constants, realpath, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { cachePath, storageFolders, withStorage } from "./folder.ts";
import { hostProcessor } from "./host.ts";
import { type Abilities, architectureFlags, tryCompiler } from "./probe.ts";
import { runCommand } from "./process.ts";
import { digest, readSealed, writeSealed } from "./seal.ts";

/** A C compiler that compiled and ran a small program on this machine. */
export interface Compiler extends Abilities {
  /** Its absolute path. */
  readonly path: string;
  /** What starts it: the path, and the further words of the variable CC ("ccache gcc"). */
  readonly command: readonly string[];
  /** The first line of what it says to --version. */
  readonly version: string;
  /** Everything that decides what it makes of a source, the flags and this machine's processor included, as one hash. */
  readonly identity: string;
}

/** A compiler, or the reason why there is none and what to install. */
export type CompilerSearch =
  | { readonly compiler: Compiler; readonly reason?: undefined }
  | { readonly compiler?: undefined; readonly reason: string };

/** Counts up when the trial changes: older records then do not count. */
const RECORD = "descent compiler 2";

const searches = new Map<string, Promise<CompilerSearch>>();

/**
 * Finds the system's C compiler: the one in the variable CC, else cc, gcc or clang on PATH, the first that works.
 * What a trial showed is remembered in the cache folder. DESCENT_NATIVE_ARCH (such as "x86-64-v3") stands in for this
 * machine's own processor in -march.
 *
 * @throws DescentError when others can write to the cache folder, or nothing can be stored anywhere
 */
export function findCompiler(): Promise<CompilerSearch> {
  const { CC = "", PATH = "", DESCENT_NATIVE_ARCH = "" } = process.env;
  const key = JSON.stringify([CC, PATH, DESCENT_NATIVE_ARCH, cachePath()]);
  let found = searches.get(key);
  if (!found) {
    found = search(CC.trim());
    searches.set(key, found);
    // What was missing may be installed, and a full disk cleared: the next call looks again.
    const forget = () => searches.delete(key);
    found.then(({ compiler }) => compiler ?? forget(), forget);
  }
  return found;
}

async function search(wanted: string): Promise<CompilerSearch> {
  if (process.platform === "win32") return { reason: `Windows is not supported. ${installationHelp()}` };
  const complaints: string[] = [];
  for (const words of [wanted, "cc", "gcc", "clang"]) {
    const [name = "", ...args] = words.split(/\s+/);
    const path = await locate(name);
    if (path !== undefined) {
      const result = await examine(path, args);
      if (typeof result !== "string") {
        const useless = complaints[0];
        if (useless !== undefined && wanted !== "") {
          process.emitWarning(`The variable CC is ignored (${useless}); using ${path}.`, "DescentWarning");
        }
        return { compiler: result };
      }
      complaints.push(`${words}: ${result}`);
    } else if (words !== "" && words === wanted) complaints.push(`${words}: there is no such program`);
  }
  const reason = complaints.length === 0 ? "no C compiler was found" : `no C compiler works (${complaints.join("; ")})`;
  return { reason: `${reason}. ${installationHelp()}` };
}

/** What to install on this system. */
export function installationHelp(): string {
  switch (process.platform) {
    case "darwin":
      return "Fix: install Apple's with: xcode-select --install";
    case "win32":
      return "Fix: use WSL (wsl --install), and in it: sudo apt install gcc libc6-dev";
    default:
      return "Fix: install one: apt install gcc libc6-dev (Debian, Ubuntu), dnf install gcc (Fedora), apk add gcc musl-dev (Alpine)";
  }
}

/** The path of a program, or of the first one of that name on PATH. */
async function locate(name: string): Promise<string | undefined> {
  if (name === "") return undefined;
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const paths = name.includes("/") ? [resolve(name)] : folders.map((folder) => join(folder, name));
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return path;
    } catch {
      // Not there, or not for us.
    }
  }
  return undefined;
}

/** Tries a compiler, or recalls what an earlier trial showed; in words, why it is of no use. */
async function examine(path: string, args: readonly string[]): Promise<Compiler | string> {
  const asked = await runCommand(path, [...args, "--version"], { env: { LC_ALL: "C" }, timeout: 30_000 });
  if (asked.code !== 0) {
    const said = asked.stderr.trim().split("\n")[0] || `exit code ${asked.code}`;
    return `it fails when asked for its --version (${said})`;
  }
  const version = asked.stdout.split("\n")[0]?.trim() ?? "";
  const real = await realpath(path);
  const { mtimeMs, size } = await stat(real);
  const facts = [RECORD, path, real, mtimeMs, size, version, ...args, ...architectureFlags(), await hostProcessor()];
  const key = digest(...facts.map(String));
  const command = [path, ...args];
  const abilities = (await recall(key)) ?? (await withStorage((folder) => tryAndRecord(command, folder, key)));
  if (typeof abilities === "string") return abilities;
  return { path, command, version, ...abilities, identity: digest(key, ...abilities.flags) };
}

const recordName = (key: string) => `compiler-${key}.json`;

async function recall(key: string): Promise<Abilities | undefined> {
  for (const folder of await storageFolders()) {
    const record = await readSealed(join(folder, recordName(key)));
    if (record !== undefined) return JSON.parse(record) as Abilities;
  }
  return undefined;
}

async function tryAndRecord(command: readonly string[], folder: string, key: string): Promise<Abilities | string> {
  const abilities = await tryCompiler(command, folder);
  if (typeof abilities === "string") return abilities;
  // A record that can't be written costs a trial next time, nothing else.
  await writeSealed(join(folder, recordName(key)), JSON.stringify(abilities)).catch(() => undefined);
  return abilities;
}
