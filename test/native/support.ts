import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Compiler, compileLibrary, findCompiler } from "../../src/engines/native/toolchain/index.ts";
import { builtScript } from "../tools/built.ts";

/** Sets environment variables until the test ends; undefined removes one. */
export function setEnv(variables: Record<string, string | undefined>): void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  onTestFinished(() => assign(before));
  assign(Object.entries(variables));
}

function assign(variables: (readonly [string, string | undefined])[]): void {
  for (const [name, value] of variables) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** A folder of its own for one test, removed when it ends. */
export function freshFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "native-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An empty cache for one test; returns its path (the folder itself is not there yet). */
export function freshCache(): string {
  const path = join(freshFolder(), "cache");
  setEnv({ DESCENT_CACHE: path });
  return path;
}

export async function needCompiler(): Promise<Compiler> {
  const { compiler, reason } = await findCompiler();
  if (!compiler) throw new Error(reason);
  return compiler;
}

/** Compiles one C text with the system's compiler. */
export async function compile(source: string, name = "test") {
  return compileLibrary({ name, sources: [source] }, { compiler: await needCompiler() });
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts test/native/fixtures/<name> in a process of its own, by default without a word from this one's tools. */
export async function runFixture(
  name: string,
  { env = {}, node = [], args = [] }: { env?: Record<string, string>; node?: string[]; args?: string[] } = {},
): Promise<Ended> {
  const script = await builtScript(new URL(`./fixtures/${name}`, import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...node, script, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 45_000,
      killSignal: "SIGKILL",
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
