import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { benchSchema } from "../../bench/contest/json.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs `npm run bench -- ...`: what it prints. */
function bench(...args: string[]): string {
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  return execFileSync(process.execPath, [tsx, "bench/main.ts", ...args], { cwd: root, encoding: "utf8" });
}

test("npm run bench measures a case and writes its results", () => {
  const folder = mkdtempSync(join(tmpdir(), "descent-bench-"));
  try {
    const file = join(folder, "results.json");
    const args = ["--case", "mlp-tiny", "--blocks", "2", "--threads", "1", "--with", "descent-wasm", "--no-wait"];
    const printed = bench(...args, "--json", file);
    expect(printed).toMatch(/^mlp-tiny +Descent +\d/m);
    const { machine, cases } = benchSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(machine.threads).toBe(1);
    expect(Object.keys(machine.contestants)).toEqual(["descent", "descent-wasm"]);
    expect(Object.keys(cases)).toEqual(["mlp-tiny"]);
    expect(cases["mlp-tiny"]?.["descent-wasm"]).toMatchObject({ ratio: expect.any(Number) });
    const own = cases["mlp-tiny"]?.descent;
    if (!own || "error" in own) throw new Error(`not measured: ${own?.error}`);
    expect(own.blocks).toHaveLength(2);
    expect(own.spread[0]).toBeLessThanOrEqual(own.msPerStep);
    expect(own.spread[1]).toBeGreaterThanOrEqual(own.msPerStep);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
