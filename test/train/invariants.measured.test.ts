import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { resolveEngine } from "../../src/tensor/index.ts";
import { builtScript } from "../tools/built.ts";

const { engine, reason } = await resolveEngine();

interface Reading {
  readonly resident: number;
  readonly heap: number;
  readonly external: number;
}

test("10,000 steps with everything that a training can hold on to leave the memory as it was", async (context) => {
  context.skip(engine.name !== "native", `needs native: ${reason}`);
  const script = await builtScript(new URL("./fixtures/memory.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script]);
  const { steps, readings } = JSON.parse(stdout) as { steps: number; readings: Reading[] };
  expect(steps).toBe(10_000);
  const [first] = readings as [Reading];
  console.log(readings.map(({ resident, heap }) => `${resident >> 10} KiB, heap ${heap >> 10} KiB`).join("\n"));
  // Pages come and go with the allocator's habits, so that single readings waver: what leaks is there in all the later ones.
  const later = readings.slice(5);
  const least = (of: (reading: Reading) => number) => Math.min(...later.map(of));
  expect(least(({ resident }) => resident) / first.resident).toBeLessThan(1.01);
  expect(least(({ heap }) => heap) / first.heap).toBeLessThan(1.03);
  expect(least(({ external }) => external)).toBeLessThanOrEqual(first.external + 64 * 1024);
});
