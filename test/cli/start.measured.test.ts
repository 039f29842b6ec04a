import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { resolveEngine } from "../../src/tensor/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = mkdtempSync(join(tmpdir(), "descent-cache-"));
const hasNative = "native" === (await resolveEngine()).engine.name;

afterAll(() => rmSync(cache, { recursive: true, force: true }));

/** Seconds from `npm start` to the line that says that the training has begun: all is compiled then. */
function secondsToProgress(): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn("npm", ["start"], {
      cwd: root,
      env: { ...process.env, DESCENT_CACHE: cache },
      stdio: ["ignore", "pipe", "ignore"],
      detached: true, // a group of its own, so that npm's children end with it
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (!said.includes("\nEngine ") || child.pid === undefined) return;
      child.stdout.removeAllListeners("data");
      resolve((performance.now() - begun) / 1000);
      process.kill(-child.pid, "SIGKILL");
    });
    child.on("close", () => reject(new Error(`npm start ended early:\n${said}`)));
  });
}

test.runIf(hasNative)("npm start shows its first progress within 10 s cold, within 1.5 s warm", async () => {
  const cold = await secondsToProgress();
  const warm: number[] = [];
  // What else runs on this machine only ever adds: the best of several is what the program needs.
  for (let i = 0; i < 8 && Math.min(...warm) > 1.5; i++) warm.push(await secondsToProgress());
  console.log(`cold ${cold.toFixed(2)} s, warm ${warm.map((seconds) => seconds.toFixed(2)).join(", ")} s`);
  expect(cold).toBeLessThan(10);
  expect(Math.min(...warm)).toBeLessThan(1.5);
});
