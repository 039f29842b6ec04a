import { expect, test } from "vitest";
import { resolveEngine } from "../../../src/tensor/index.ts";
import { environment } from "../../../src/util/index.ts";

// The page that the other tests ran in.

test("it may share memory with its workers", () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
});

test("WebAssembly on all its threads is what trains in it", async () => {
  const { engine, reason } = await resolveEngine("auto");
  expect(engine.name).toBe("wasm");
  const threads = Number(environment("DESCENT_THREADS") ?? navigator.hardwareConcurrency);
  expect(reason).toMatch(threads === 1 ? /^1 thread, 128-bit vectors/ : new RegExp(`^${threads} threads, 128-bit`));
});
