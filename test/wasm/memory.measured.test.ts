import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ArrayMemory } from "../../src/engines/wasm/runtime/memory.ts";

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
  memory.allocate("uint8", 40 << 20);
  await turn();
  expect(memory.allocate("uint8", 40 << 20)).toHaveLength(40 << 20);
  expect(memory.holds(first)).toBe(true);
});
