// `npx tsx bench/wasm-profile.ts CASE [THREADS]`: what the time of a training step is made of on the WebAssembly engine. Every kernel
// is run by itself, many times over. On one thread (the default) processor time is counted, which other processes disturb less than
// the clock; on several it is the clock's, with what starting and meeting of threads takes.
import { resolveEngine } from "descent";
import { renderModule } from "../src/engines/wasm/render/program.ts";
import { openWasmRuntime } from "../src/engines/wasm/runtime/index.ts";
import type { Program } from "../src/ir/index.ts";
import { type CompiledKernels, compileKernels, type Kernel } from "../src/passes/index.ts";
import { formatTable } from "./format.ts";
import { caseNamed, prepared } from "./suite/cases.ts";

/** Time that each kernel is given. */
const BUDGET_MS = 400;

const sizeOf = (loops: readonly { readonly size: number }[]) => loops.reduce((total, loop) => total * loop.size, 1);

/** Floating point operations of a contraction, and its form. */
function product(kernel: Kernel): { flop: number; form: string } {
  if (kernel.kind === "loop") return { flop: 0, form: kernel.outer.map((loop) => loop.size).join("x") };
  if (kernel.kind !== "contraction") return { flop: 0, form: kernel.kind };
  const [batch, rows, columns, depth] = [kernel.batch, kernel.rows, kernel.columns, kernel.depth].map(sizeOf);
  return {
    flop: 2 * batch! * rows! * columns! * depth!,
    form: `${batch! > 1 ? `${batch} of ` : ""}${rows}x${columns}x${depth}`,
  };
}

/** The program of the case's training step: the largest that a `fit` of one step has compiled. */
async function trainingProgram(name: string): Promise<Program> {
  const suite = caseNamed(name);
  const { engine } = await resolveEngine("wasm");
  const seen: { program: Program; kernels: number }[] = [];
  const compile = engine.compile.bind(engine);
  engine.compile = async (program) => {
    const executable = await compile(program);
    seen.push({ program, kernels: Number(executable.facts.kernels) });
    return executable;
  };
  process.env.DESCENT_ENGINE = "wasm";
  const { network, x, y } = prepared(suite, suite.batch);
  await network.fit(x, y, { batchSize: suite.batch, verbose: 0 });
  seen.sort((a, b) => b.kernels - a.kernels);
  if (!seen[0]) throw new Error("fit compiled nothing");
  return seen[0].program;
}

const name = process.argv[2] ?? "mlp-mnist";
const threads = Number(process.argv[3] ?? 1);
const program = await trainingProgram(name);
const opened = await openWasmRuntime({ threads });
if ("reason" in opened) throw new Error(opened.reason);
const { runtime } = opened;
const allocated = (nodes: Program["inputs"]) =>
  nodes.map((node) => {
    const array = runtime.allocate(
      node.dtype,
      node.shape.reduce((total, axis) => total * axis, 1),
    );
    if (node.dtype === "float32") for (let i = 0; i < array.length; i++) array[i] = Math.sin(i) + 1;
    return array;
  });
const buffers = {
  inputs: allocated(program.inputs),
  state: allocated(program.state.map(({ input }) => input)),
  outputs: allocated(program.outputs),
};

/** Milliseconds: the processor's on one thread, else the clock's. */
function now(): number {
  if (threads > 1) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds for one run. */
async function time(kernels: CompiledKernels): Promise<number> {
  const { sharedMemory, fusedMultiplyAdd } = runtime.features;
  const loaded = await runtime.load(renderModule(kernels.program, { shared: sharedMemory, fusedMultiplyAdd }), kernels);
  const run = loaded.bind(buffers);
  const best: number[] = [];
  const begun = now();
  for (let repeats = 1; now() - begun < BUDGET_MS; repeats = Math.min(64, repeats * 2)) {
    const round = now();
    for (let i = 0; i < repeats; i++) {
      const working = run();
      if (working) await working;
    }
    best.push((now() - round) / repeats);
  }
  return Math.min(...best.slice(Math.floor(best.length / 2))); // the first rounds are slower: the code is still being optimized
}

const kernels = compileKernels(program);
const rows: { cells: string[]; ms: number }[] = [];
for (const step of kernels.program.steps) {
  const ms = await time({ ...kernels, program: { ...kernels.program, steps: [step] } });
  const { flop, form } = product(step.kernel);
  const rate = flop > 0 ? `${(flop / ms / 1e6).toFixed(1)}` : "";
  rows.push({ ms, cells: [step.kernel.name, step.kernel.kind, form, ms.toFixed(3), rate] });
}
const whole = await time(kernels);
const sum = rows.reduce((total, { ms }) => total + ms, 0);
rows.sort((a, b) => b.ms - a.ms);
const table = rows.map(({ cells, ms }) => [...cells, `${((ms / sum) * 100).toFixed(1)} %`]);
console.log(formatTable([["kernel", "kind", "size", "ms", "GFLOP/s", "share"], ...table]));
console.log(
  `\nwhole step ${whole.toFixed(2)} ms, sum of kernels ${sum.toFixed(2)} ms (${threads > 1 ? "the clock's" : "processor"} time); ${runtime.describe()}`,
);
process.exit(0);
