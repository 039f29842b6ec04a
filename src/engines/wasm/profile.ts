import { type Buffers, type Executable, type Profiler, type Roof, TimeTable } from "../../engine/index.ts";
import type { CompiledKernels, KernelProgram } from "../../passes/index.ts";
import { describeArena, describeKernels } from "../../passes/index.ts";
import type { RenderedModule } from "./render/program.ts";
import { roofModule, roofProgram } from "./render/roof.ts";
import type { WasmRuntime } from "./runtime/index.ts";

/** The program with one more output, the table in which its kernels note their times. Whoever binds it gives the memory. */
export function withTimes(program: KernelProgram, outputs: number): KernelProgram {
  const table = { dtype: "uint8", length: 0, place: { kind: "output", index: outputs } } as const;
  return { ...program, buffers: [...program.buffers, table] };
}

/** The profiler of a program made by {@link withTimes}, and what puts its table among the outputs. */
export function profilerOf(
  program: KernelProgram,
  { slots, scratchBytes, sharedBytes }: RenderedModule,
  runtime: WasmRuntime,
  loaded: { readonly threads: number; readonly bind: Executable["bind"] },
): { readonly profiler: Profiler; readonly bind: Executable["bind"] } {
  const { threads } = loaded;
  const table = new TimeTable(slots, threads);
  const times = runtime.allocate("uint8", Math.max(64, table.bytes)) as Uint8Array;
  const profiler: Profiler = {
    kernels: describeKernels(program),
    threads,
    memory: {
      arenaBytes: program.arenaBytes,
      blocks: describeArena(program),
      scratchBytes: scratchBytes * threads + sharedBytes,
    },
    times: () => table.read(times, 0),
  };
  const bind = (buffers: Buffers) => loaded.bind({ ...buffers, outputs: [...buffers.outputs, times] });
  return { profiler, bind };
}

const [LEAST, MOST] = [1 << 14, 1 << 27];
/** The first ones run code that is not optimized yet. */
const ROUNDS = 15;

/** Measures multiply-adds and memory, by loops in a module as kernels are. */
export async function measureRoof(bytes: number, wanted: number, runtime: WasmRuntime): Promise<Roof> {
  const over = Math.min(MOST, Math.max(LEAST, Math.ceil(bytes / LEAST) * LEAST));
  const { sharedMemory: shared, fusedMultiplyAdd } = runtime.features;
  const rendered = roofModule({ shared, fusedMultiplyAdd });
  const kernels: CompiledKernels = { program: roofProgram(over, wanted), data: [] };
  const loaded = await runtime.load(rendered.module, kernels);
  const given = runtime.allocate("int32", 4);
  const run = loaded.bind({ inputs: [given], state: [], outputs: [] });
  const { threads } = loaded;
  // In whole vectors: a part is read from, another one written to, for every worker.
  const vectors = Math.floor(over / 32 / threads);
  const best = async (steps: number, passes: number) => {
    let seconds = Number.POSITIVE_INFINITY;
    given.set([steps, passes, vectors]);
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const working = run();
      if (working) await working;
      seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    return seconds;
  };
  const steps = 100_000;
  const passes = Math.ceil(1_000_000 / vectors);
  // What a call takes by itself is no loop's time.
  const call = await best(0, 0);
  const operations = (steps * rendered.operations * threads) / Math.max(1e-6, (await best(steps, 0)) - call);
  const moved = (passes * vectors * 32 * threads) / Math.max(1e-6, (await best(0, passes)) - call);
  return { operations, bytes: moved, over };
}
