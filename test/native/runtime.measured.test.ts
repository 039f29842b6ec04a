import { expect, test } from "vitest";
import { loadProgram, loadRuntime } from "../../src/engines/native/runtime/index.ts";
import { COUNT } from "./programs.ts";
import { compile } from "./support.ts";

const runtime = await loadRuntime();

async function bind(threads: number) {
  const { path } = await compile(COUNT);
  const program = await loadProgram(path, { threads });
  return program.bind([runtime.allocate("int32", 16 * 8), runtime.allocate("int32", 1)]);
}

test.each([1, 2, 4])("20,000 runs on %i threads leave memory as it was", async (threads) => {
  const bound = await bind(threads);
  const runs = async (count: number) => {
    for (let i = 0; i < count; i++) {
      bound.runSync();
      await bound.runAsync();
    }
  };
  await runs(20_000); // the young generation of the JavaScript heap finds its size
  const before = process.memoryUsage.rss();
  await runs(20_000);
  const growth = process.memoryUsage.rss() / before - 1;
  console.log(`${threads} threads: resident memory grew by ${(100 * growth).toFixed(2)} %`);
  expect(growth).toBeLessThan(0.03);
});

test("idle threads sleep", async () => {
  for (const threads of [2, 8]) await (await bind(threads)).runAsync();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e3).toBeLessThan(100);
});
