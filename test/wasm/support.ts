import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import type { Runner } from "../../src/engine/index.ts";
import { openWasmRuntime, type RuntimeOptions, type WasmRuntime } from "../../src/engines/wasm/runtime/index.ts";
import { builtScript } from "../tools/built.ts";
import { kernels, LARGE, type Source } from "./programs.ts";

/** A runtime that ends with the test. */
export async function open(options: RuntimeOptions): Promise<WasmRuntime> {
  const opened = await openWasmRuntime(options);
  if ("reason" in opened) throw new Error(opened.reason);
  onTestFinished(() => opened.runtime.close());
  return opened.runtime;
}

export function int32(runtime: WasmRuntime, length: number): Int32Array {
  return runtime.allocate("int32", length) as Int32Array;
}

/** A program tied to arrays that it may read and write. */
export async function bind(
  runtime: WasmRuntime,
  source: Source,
  state: readonly Int32Array[],
  work = LARGE,
): Promise<Runner> {
  const rendered = source(runtime.features.sharedMemory);
  const loaded = await runtime.load(
    rendered,
    kernels(
      state.map(() => "state"),
      work,
    ),
  );
  return loaded.bind({ inputs: [], state, outputs: [] });
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts test/wasm/fixtures/<name> in a process of its own. */
export async function runFixture(
  name: string,
  { node = [], args = [] }: { node?: string[]; args?: string[] },
): Promise<Ended> {
  const script = await builtScript(new URL(`./fixtures/${name}`, import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...node, script, ...args], {
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
