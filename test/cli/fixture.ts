import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { builtPackage } from "../tools/built.ts";

/** How a command ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A folder of this test file, removed after its tests. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "descent-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, objects as JSON. */
export function write(folder: string, files: Record<string, string | object>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** The command of a clone: the sources, through tsx. */
export const CLONE = fileURLToPath(new URL("../../bin/descent.mjs", import.meta.url));

/** Runs the package's command (or another program) on the reference engine; `onOutput` sees what it prints so far. */
export async function descent(
  folder: string,
  args: readonly string[],
  onOutput: (soFar: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
  env: Record<string, string> = {},
  program?: string,
): Promise<Ended> {
  const { DESCENT_DEBUG: _, ...rest } = process.env;
  const command = program ?? join(await builtPackage(), "bin/descent.mjs");
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [command, ...args], {
      cwd: folder,
      env: { ...rest, DESCENT_ENGINE: "reference", NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended: Ended = { code: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      ended.stdout += text;
      onOutput(ended.stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      ended.stderr += text;
    });
    child.on("close", (code) => resolve({ ...ended, code }));
  });
}

/** A config that trains in a moment; `changes` go over it. */
export function xor(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    data: {
      x: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      y: [0, 1, 1, 0],
    },
    split: false,
    model: [
      { kind: "dense", units: 8, activation: "tanh" },
      { kind: "dense", units: 1, activation: "sigmoid" },
    ],
    compile: { optimizer: { kind: "adam", learningRate: 0.05 }, loss: "binaryCrossentropy", metrics: ["accuracy"] },
    fit: { epochs: 2, batchSize: 4 },
    ...changes,
  };
}
