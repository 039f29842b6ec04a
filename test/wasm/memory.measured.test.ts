import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { WasmRuntime } from "../../src/engines/wasm/runtime/index.ts";
import { ArrayMemory } from "../../src/engines/wasm/runtime/memory.ts";
import { zeros } from "../../src/nn/initializers.ts";
import { WeightLayout } from "../../src/nn/weights.ts";
import { COUNT, kernels, LARGE, SMALL } from "./programs.ts";
import { int32, open } from "./support.ts";

const collect = (globalThis as { gc?: () => void }).gc;

/** Lets the garbage collector take what is gone, and tell of it. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await turn();
    collect?.();
    await turn();
  }
}

test("memory of arrays that are gone is used again, zeroed", async () => {
  expect(collect).toBeTypeOf("function");
  const memory = new ArrayMemory();
  const make = () => memory.allocate("float32", 10_000).fill(1).byteOffset;
  const address = make();
  await settle();
  expect(memory.bytes).toBe(0);
  const again = memory.allocate("float32", 10_000);
  expect(again.byteOffset).toBe(address);
  expect(again.every((value) => value === 0)).toBe(true);
});

test("memory of an array stays its own as long as the array is held", async () => {
  const memory = new ArrayMemory();
  const held = memory.allocate("float32", 10_000).fill(1);
  const other = () => memory.allocate("float32", 10_000).fill(2).length;
  for (let i = 0; i < 20; i++) {
    other();
    await settle();
  }
  expect(held.every((value) => value === 1)).toBe(true);
});

test("arrays that come and go don't fill the memory, without anybody calling the garbage collector", async () => {
  const memory = new ArrayMemory();
  let most = 0;
  for (let i = 0; i < 270; i++) {
    memory.allocate("uint8", 16 << 20);
    most = Math.max(most, memory.bytes);
    await turn();
  }
  // 4.2 GB in all.
  expect(most).toBeLessThan(3 * 2 ** 30);
});

test("a full memory looks for arrays that are gone", async () => {
  const memory = new ArrayMemory(1024);
  const first = memory.allocate("uint8", 20 << 20);
  const forget = () => memory.allocate("uint8", 40 << 20).length;
  forget();
  await turn();
  expect(memory.allocate("uint8", 40 << 20)).toHaveLength(40 << 20);
  expect(memory.holds(first)).toBe(true);
});

test("views of weights keep their memory", async () => {
  const memory = new ArrayMemory();
  const initializer = zeros();
  const layout = new WeightLayout(new Map([["dense/kernel", { shape: [1000], trainable: true, initializer }]]));
  const views = () => {
    const parameters = memory.allocate("float32", 1000) as Float32Array;
    return layout.views({ ...layout.allocate(), parameters: parameters.fill(1) });
  };
  const view = views()["dense/kernel"]!;
  await settle();
  memory.allocate("float32", 1000).fill(2);
  expect(view.every((value) => value === 1)).toBe(true);
});

/** A program with intermediates of so many bytes, run once and forgotten. */
async function useOnce(runtime: WasmRuntime, arenaBytes: number, work: number): Promise<void> {
  const { program, data } = kernels(["state", "state"], work);
  const loaded = await runtime.load(COUNT(runtime.features.sharedMemory), {
    program: { ...program, arenaBytes },
    data,
  });
  const state = [int32(runtime, 16 * runtime.threads), int32(runtime, 1)];
  const run = loaded.bind({ inputs: [], state, outputs: [] });
  await run();
  expect(state[1]![0]).toBe(work === LARGE ? runtime.threads : 1);
}

test("memory of programs that are gone is used again", async () => {
  for (const [options, work] of [
    [{ threads: 2 }, LARGE],
    [{ threads: 2 }, SMALL],
    [{ mode: "inline", sharedMemory: false }, LARGE],
    [{ mode: "remote" }, LARGE],
  ] as const) {
    const runtime = await open(options);
    // 4.7 GB in all.
    for (let i = 0; i < 45; i++) {
      await useOnce(runtime, 100 << 20, work);
      if (i % 9 === 8) await settle();
    }
  }
});
