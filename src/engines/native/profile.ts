import { type Profiler, type Roof, TimeTable } from "../../engine/index.ts";
import { describeArena, describeKernels, type KernelProgram } from "../../passes/index.ts";
import type { RenderedProgram } from "./render/program.ts";
import { roofSource } from "./render/roof.ts";
import { loadProgram, type NativeProgram, type Runtime } from "./runtime/index.ts";
import { type Compiler, compileLibrary } from "./toolchain/index.ts";

/** What a profiled program was made of. */
export interface Profiled {
  readonly program: KernelProgram;
  readonly rendered: RenderedProgram;
}

/** What it notes its times in, and what it tells of itself. */
interface ProfiledParts {
  readonly profiler: Profiler;
  readonly times: Uint8Array;
}

/** The profiler of a program whose C reads the clock. */
export function profilerOf({ program, rendered }: Profiled, native: NativeProgram, runtime: Runtime): ProfiledParts {
  const { threads } = native.pool;
  const table = new TimeTable(rendered.slots, threads);
  const times = runtime.allocate("uint8", Math.max(64, table.bytes)) as Uint8Array;
  const shift = clockShift(() => native.number("descent_clock"));
  const profiler: Profiler = {
    kernels: describeKernels(program),
    threads,
    memory: {
      arenaBytes: program.arenaBytes,
      blocks: describeArena(program),
      scratchBytes: rendered.scratchBytes * threads + rendered.sharedBytes,
    },
    times: () => table.read(times, shift),
  };
  return { profiler, times };
}

/** What added to the C clock's milliseconds makes them those of `performance.now()`: from the quickest of a few readings. */
function clockShift(clock: () => number): number {
  let best = { width: Number.POSITIVE_INFINITY, shift: 0 };
  for (let i = 0; i < 20; i++) {
    const before = performance.now();
    const there = clock();
    const after = performance.now();
    if (after - before < best.width) best = { width: after - before, shift: (before + after) / 2 - there };
  }
  return best.shift;
}

/** Bytes over which memory is measured, at least and at most. */
const [LEAST, MOST] = [1 << 14, 1 << 28];

/** Measures multiply-adds and memory, by loops compiled as kernels are. */
export async function measureRoof(bytes: number, compiler: Compiler, runtime: Runtime, threads: number): Promise<Roof> {
  const over = Math.min(MOST, Math.max(LEAST, Math.ceil(bytes / LEAST) * LEAST));
  const source = { name: "roof", sources: [roofSource(compiler.vectorBytes)] };
  const { path } = await compileLibrary(source, { compiler });
  const native = await loadProgram(path, { threads });
  const results = runtime.allocate("uint8", 128 * threads);
  const memory = runtime.allocate("float32", over / 4).fill(0);
  const size = Uint32Array.of(over / 4);
  const given = runtime.allocate("uint32", 1);
  given.set(size);
  await native.bind([results, memory, given]).runAsync();
  const numbers = new Float64Array(results.buffer, results.byteOffset, 16 * threads);
  const sum = (at: number) => Array.from({ length: threads }, (_, i) => numbers[16 * i + at]!).reduce((a, b) => a + b);
  return { operations: sum(0), bytes: sum(1), over };
}
