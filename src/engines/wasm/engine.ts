import { type Availability, boundaryBytes, type Engine, type Executable } from "../../engine/index.ts";
import type { DType, Program, TypedArray } from "../../ir/index.ts";
import { compileKernels } from "../../passes/index.ts";
import { renderModule } from "./render/program.ts";
import { openWasmRuntime, type RuntimeOptions, type WasmRuntime } from "./runtime/index.ts";

class WasmEngine implements Engine {
  readonly name = "wasm";

  constructor(private readonly runtime: WasmRuntime) {}

  allocate(dtype: DType, length: number): TypedArray {
    return this.runtime.allocate(dtype, length);
  }

  async compile(program: Program): Promise<Executable> {
    const start = performance.now();
    const kernels = compileKernels(program);
    const { sharedMemory, fusedMultiplyAdd } = this.runtime.features;
    const rendered = renderModule(kernels.program, { shared: sharedMemory, fusedMultiplyAdd });
    const loaded = await this.runtime.load(rendered, kernels);
    const facts = {
      kernels: kernels.program.steps.length,
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
    return { bind: (buffers) => loaded.bind(buffers), facts };
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
