import {
  type Availability,
  boundaryBytes,
  type CompileOptions,
  type Engine,
  type Executable,
  type Roof,
} from "../../engine/index.ts";
import type { DType, Program, TypedArray } from "../../ir/index.ts";
import { compileKernels, countKernels } from "../../passes/index.ts";
import { measureRoof, profilerOf, withTimes } from "./profile.ts";
import { renderModule } from "./render/program.ts";
import { updateRows } from "./row-updates.ts";
import { openWasmRuntime, type RuntimeOptions, type WasmRuntime } from "./runtime/index.ts";

class WasmEngine implements Engine {
  readonly name = "wasm";

  constructor(private readonly runtime: WasmRuntime) {}

  allocate(dtype: DType, length: number): TypedArray {
    return this.runtime.allocate(dtype, length);
  }

  async compile(program: Program, { profile = false }: CompileOptions = {}): Promise<Executable> {
    const start = performance.now();
    const plain = compileKernels(program, updateRows);
    const kernels = profile ? { ...plain, program: withTimes(plain.program, program.outputs.length) } : plain;
    const { sharedMemory, fusedMultiplyAdd } = this.runtime.features;
    const rendered = renderModule(kernels.program, { shared: sharedMemory, fusedMultiplyAdd, profile });
    const loaded = await this.runtime.load(rendered, kernels);
    const facts = {
      kernels: countKernels(kernels.program.steps),
      functions: rendered.functions,
      arenaBytes: kernels.program.arenaBytes,
      liveBytes: kernels.program.liveBytes,
      scratchBytes: rendered.scratchBytes * loaded.threads + rendered.sharedBytes,
      ...boundaryBytes(program),
      work: kernels.program.work,
      threads: loaded.threads,
      moduleBytes: rendered.bytes.length,
      compileMs: Math.round(performance.now() - start),
    };
    if (profile) return { ...profilerOf(kernels.program, rendered, this.runtime, loaded), facts };
    return { bind: (buffers) => loaded.bind(buffers), facts };
  }

  measureRoof(bytes: number, threads: number): Promise<Roof> {
    return measureRoof(bytes, threads, this.runtime);
  }

  describe(): string {
    return this.runtime.describe();
  }
}

/** The engine that renders kernels to WebAssembly, in Node and in browsers; or why it can't run here. */
export async function openWasmEngine(options?: RuntimeOptions): Promise<Availability> {
  const opened = await openWasmRuntime(options);
  return "runtime" in opened ? { engine: new WasmEngine(opened.runtime) } : opened;
}
