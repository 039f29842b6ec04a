import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { OPS } from "../../src/ir/index.ts";
import { builtScript } from "../tools/built.ts";

const script = await builtScript(new URL("../engine/fixtures/samples.ts", import.meta.url));

/** Flags of V8 that make it take the processor for an older one. */
test.each([
  ["without fused multiply-add", "--no-enable-fma3"],
  ["without AVX", "--no-enable-avx"],
])("on a processor %s every sample of every op agrees with reference", async (_name, flag) => {
  const { stdout } = await promisify(execFile)(process.execPath, [flag, script], {
    env: { ...process.env, DESCENT_ENGINE: "wasm", DESCENT_THREADS: "2" },
  });
  const { runsOn, ops, wrong } = JSON.parse(stdout);
  expect(runsOn).toMatch(/^wasm: 2 threads, 128-bit vectors, without fused multiply-add/);
  expect(ops).toBe(OPS.length - 1); // all but placeholders
  expect(wrong).toEqual([]);
});
