import { contractionAsLoops, type Kernel, type KernelProgram } from "../../../passes/index.ts";
import { type RenderedKernel, renderLoop } from "./loop.ts";
import { prelude } from "./prelude.ts";
import { PHILOX_C, renderRandom, renderScatter } from "./random.ts";

/** A program's C: sources that can be compiled side by side and linked. */
export interface RenderedProgram {
  readonly sources: readonly string[];
  /** Distinct kernel functions, after those that differ only in their pointers were found equal. */
  readonly functions: number;
}

function renderKernel(kernel: Kernel): RenderedKernel {
  switch (kernel.kind) {
    case "loop":
      return renderLoop(kernel);
    case "contraction":
      return renderLoop(contractionAsLoops(kernel));
    case "random":
      return renderRandom(kernel);
    case "scatter":
      return renderScatter(kernel);
  }
}

const SIGNATURE = "(char* const* q, const long worker, const long workers)";

/** C of a whole program: a function per distinct kernel, and one that runs them in order, every worker taking its share. */
export function renderProgram(program: KernelProgram, vectorBytes: number): RenderedProgram {
  const names = new Map<string, string>();
  const calls: string[] = [];
  for (const { kernel, barrier, parallel, scope } of program.steps) {
    const { body, actual } = renderKernel(kernel);
    let name = names.get(body);
    if (!name) {
      name = `kernel_${names.size}`;
      names.set(body, name);
    }
    if (barrier) calls.push("barrier(pool, worker);");
    const share = parallel ? "worker, workers" : "0, 1";
    const call = `{ char* const q[] = {${actual.join(", ")}}; ${name}(q, ${share}); }`;
    calls.push(`${parallel ? "" : "if (worker == 0) "}${call} /* ${kernel.name} ${scope.replaceAll("*/", "")} */`);
  }
  const source = [
    prelude(vectorBytes),
    PHILOX_C,
    ...[...names].map(([body, name]) => `static __attribute__((noinline)) void ${name}${SIGNATURE} ${body}\n`),
    "void descent_program(void** buffers, int worker, int workers, void* pool, void (*barrier)(void*, int)) {",
    "char* const* p = (char* const*)buffers;",
    ...calls,
    "}",
    "",
  ].join("\n");
  return { sources: [source], functions: names.size };
}
