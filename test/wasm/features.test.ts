import { createContext, runInContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { codeFeatures } from "../../src/engines/wasm/runtime/features.ts";
import { openWasmRuntime, type RuntimeOptions } from "../../src/engines/wasm/runtime/index.ts";
import { relaxedSimd } from "../../src/engines/wasm/runtime/relaxed-simd.ts";
import { F32, functionModule, splat } from "../../src/engines/wasm/runtime/tiny-module.ts";
import { open, runFixture } from "./support.ts";

/** The first lane of 2 * 3 + 4, by f32x4.relaxed_madd. */
const MULTIPLY_ADD = functionModule(F32, [...splat(2), ...splat(3), ...splat(4), 0xfd, 0x85, 0x02, 0xfd, 0x1f, 0]);

test("Node has them all", async () => {
  const found = await codeFeatures();
  expect(found).toMatchObject({ simd: true, sharedMemory: true });
});

describe("relaxed SIMD", () => {
  test("is compiled where the processor fuses, and V8's flags are as before", async (context) => {
    const before = WebAssembly.validate(MULTIPLY_ADD);
    const compile = await relaxedSimd();
    context.skip(!compile, "needs a processor with fused multiply-add");
    const modules = await Promise.all([1, 2, 3].map(() => compile!(MULTIPLY_ADD)));
    expect(WebAssembly.validate(MULTIPLY_ADD)).toBe(before);
    for (const module of modules) {
      const { exports } = new WebAssembly.Instance(module);
      expect((exports["f"] as () => number)()).toBe(10);
    }
  });

  test("runs in threads that are given the module", async (context) => {
    const compile = await relaxedSimd();
    context.skip(!compile, "needs a processor with fused multiply-add");
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const f = new WebAssembly.Instance(workerData).exports.f;
      let sum = 0;
      for (let i = 0; i < 100000; i++) sum += f();
      parentPort.postMessage(sum);`;
    const worker = new Worker(source, { eval: true, execArgv: [], workerData: await compile!(MULTIPLY_ADD) });
    expect(await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject))).toBe(1e6);
  });

  test("code that is wrong is refused as ever", async (context) => {
    const compile = await relaxedSimd();
    context.skip(!compile, "needs a processor with fused multiply-add");
    await expect(compile!(functionModule(F32, [0xfd, 0x85, 0x02]))).rejects.toThrow(WebAssembly.CompileError);
  });
});

/** What a process started with these options of V8 says. */
async function hostWith(...node: string[]): Promise<string> {
  const { stdout, stderr } = await runFixture("features.ts", { node });
  return `${stdout}${stderr}`;
}

describe("a host that can't run it says why:", () => {
  test.each([
    ["no WebAssembly", "--jitless", /"reason":"this host has no WebAssembly"/],
    ["no SIMD", "--no-enable-ssse3", /"reason":"this host's WebAssembly has no SIMD .* newer browser or Node has"/],
  ])("%s", async (_, option, reason) => {
    expect(await hostWith(option)).toMatch(reason);
  });

  test("WebAssembly that is refused, as by a page's content security policy", async () => {
    const context = createContext({}, { codeGeneration: { wasm: false } });
    vi.stubGlobal("WebAssembly", runInContext("WebAssembly", context));
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(await openWasmRuntime()).toEqual({
      reason: expect.stringMatching(
        /^WebAssembly is refused here \(.*disallowed.*\): .*'wasm-unsafe-eval' in script-src$/,
      ),
    });
  });
});

test("a processor without fused multiply-add runs all the same, and says so", async () => {
  const { features, description } = JSON.parse(await hostWith("--no-enable-fma3"));
  expect(features).toEqual({ simd: true, fusedMultiplyAdd: false, sharedMemory: true, workers: true });
  expect(description).toBe("2 threads, 128-bit vectors, without fused multiply-add");
});

test("what is missing is in the description", async () => {
  const describe = async (options: RuntimeOptions) => (await open(options)).describe();
  const vectors = /128-bit vectors( with fused multiply-add)?/.source;
  expect(await describe({ threads: 3 })).toMatch(new RegExp(`^3 threads, ${vectors}`));
  expect(await describe({ sharedMemory: false })).toMatch(
    new RegExp(`^1 thread, ${vectors}.*, one thread: this host has no shared memory`),
  );
  expect(await describe({ mode: "inline" })).toMatch(
    new RegExp(`^1 thread, ${vectors}.*, no threads: no workers are wanted`),
  );
});
