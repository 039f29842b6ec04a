import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { arch, cpus, hostname, release, totalmem } from "node:os";
import { environment } from "../../util/index.ts";
import { VERSION } from "../version.ts";

/** What a training ran with: what else may make its numbers or its time differ. */
export interface RunEnvironment {
  readonly descent: string;
  readonly node: string;
  /** Operating system, its version and the processor's kind: "linux 6.8.0 x64". */
  readonly system: string;
  readonly host: string;
  readonly processor: string;
  readonly cores: number;
  /** Threads that engines use: DESCENT_THREADS, or one per core. */
  readonly threads: number;
  readonly memoryGB: number;
  /** DESCENT_ENGINE, or "auto". */
  readonly engine: string;
  /** Versions of optional packages that are installed. */
  readonly packages: Readonly<Record<string, string>>;
}

/** The commit that the working folder is at; null outside of a repository. */
export interface GitState {
  readonly commit: string;
  readonly branch: string;
  /** Whether files that git knows have changes that no commit has. */
  readonly changed: boolean;
}

const PACKAGES = ["@duckdb/node-api", "sharp", "koffi"];

export function environmentOf(): RunEnvironment {
  const threads = Number(environment("DESCENT_THREADS"));
  return {
    descent: VERSION,
    node: process.version,
    system: `${process.platform} ${release()} ${arch()}`,
    host: hostname(),
    processor: cpus()[0]?.model.trim() || "unknown",
    cores: cpus().length,
    threads: threads > 0 ? threads : cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    engine: environment("DESCENT_ENGINE") ?? "auto",
    packages: Object.fromEntries(
      PACKAGES.flatMap((name) => {
        const version = versionOf(name);
        return version === undefined ? [] : [[name, version]];
      }),
    ),
  };
}

function versionOf(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    return (require(`${name}/package.json`) as { version?: string }).version;
  } catch {
    return undefined; // not installed, or it keeps its package.json to itself
  }
}

/** Asks git about a folder. */
export async function gitState(folder: string): Promise<GitState | null> {
  const git = (...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile("git", ["-C", folder, ...args], { timeout: 5000 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout.trim()),
      );
    });
  try {
    const commit = await git("rev-parse", "HEAD");
    const branch = await git("rev-parse", "--abbrev-ref", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return { commit, branch, changed: changes !== "" };
  } catch {
    return null; // no git, no repository, or one without a commit
  }
}
