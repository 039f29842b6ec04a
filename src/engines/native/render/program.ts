import { TimeTable } from "../../../engine/index.ts";
import { type Kernel, type KernelProgram, workOf } from "../../../passes/index.ts";
import { renderContraction } from "../contraction/index.ts";
import { Stopwatch } from "./clock.ts";
import { renderLoop } from "./loop.ts";
import { prelude } from "./prelude.ts";
import { PHILOX_C, renderRandom, renderScatter } from "./random.ts";

/** Width of a vector register in bytes: SSE and NEON, AVX2, AVX-512. */
export type VectorBytes = 16 | 32 | 64;

/** A program's C, and the memory it works in beside the buffers. */
export interface RenderedProgram {
  /** Sources that can be compiled side by side and linked. */
  readonly sources: readonly string[];
  /** Distinct kernel functions, after those that differ only in their pointers were found equal. */
  readonly functions: number;
  /** Bytes of working memory of each worker: buffer number `buffers.length` holds them all. */
  readonly scratchBytes: number;
  /** Bytes of working memory that workers share: buffer number `buffers.length + 1`. */
  readonly sharedBytes: number;
  /** When it notes times: the kernel that each slot of the {@link TimeTable} belongs to. The table is buffer number `buffers.length + 2`. */
  readonly slots: readonly number[];
}

/** A kernel's C: functions called one after the other by all workers, with barriers between. `@` stands for its name. */
interface RenderedKernel {
  readonly support: ReadonlyMap<string, string>;
  readonly helpers: string;
  readonly phases: readonly { readonly body: string }[];
  readonly actual: readonly string[];
  readonly scratchBytes: number;
  readonly sharedBytes: number;
}

function renderKernel(kernel: Kernel, vectorBytes: VectorBytes): RenderedKernel {
  if (kernel.kind === "contraction") return renderContraction(kernel, vectorBytes);
  const { body, actual } =
    kernel.kind === "loop"
      ? renderLoop(kernel, vectorBytes)
      : kernel.kind === "random"
        ? renderRandom(kernel)
        : renderScatter(kernel);
  return { support: new Map(), helpers: "", phases: [{ body }], actual, scratchBytes: 0, sharedBytes: 0 };
}

const SIGNATURE = "(char* const* q, const long worker, const long workers)";
/** Definitions above which heavy kernels are cut into two sources, so that two processors compile them. */
const KERNELS_PER_SOURCE = 12;
/** Work of a program, and share of it, below which a kernel is light: compiling it well would take longer than it ever saves. */
const LIGHT = { program: 1_000_000, share: 0.002 } as const;
/** gcc's quick optimizations for a whole source; other compilers pass over it. */
const QUICKLY = '#pragma GCC optimize ("O1")\n';

interface Definition {
  readonly text: string;
  readonly support: ReadonlyMap<string, string>;
  readonly light: boolean;
}

/** C of a whole program: functions per distinct kernel, and one that runs them in order, every worker taking its share. */
export function renderProgram(program: KernelProgram, vectorBytes: VectorBytes, profile = false): RenderedProgram {
  const stopwatch = new Stopwatch(profile);
  const names = new Map<string, string>();
  const definitions: Definition[] = [];
  const declarations: string[] = [];
  const calls: string[] = [];
  let scratchBytes = 0;
  let sharedBytes = 0;
  let sharedInUse = false;
  for (const [i, { kernel, barrier, parallel, scope }] of program.steps.entries()) {
    const rendered = renderKernel(kernel, vectorBytes);
    const text = [rendered.helpers, ...rendered.phases.map(({ body }, i) => phaseText(i, body))].join("\n");
    let name = names.get(text);
    if (!name) {
      name = `kernel_${names.size}`;
      names.set(text, name);
      const light = program.work > LIGHT.program && workOf(kernel) < LIGHT.share * program.work;
      definitions.push({ text: text.replaceAll("@", name), support: rendered.support, light });
      rendered.phases.forEach((_, phase) => declarations.push(`void ${name}_${phase}${SIGNATURE};`));
    }
    scratchBytes = Math.max(scratchBytes, rendered.scratchBytes);
    sharedBytes = Math.max(sharedBytes, rendered.sharedBytes);
    // Nobody may still be using the shared memory for an earlier kernel.
    const waits: boolean = barrier || (sharedInUse && rendered.sharedBytes > 0);
    if (waits) calls.push("barrier(pool, worker);");
    sharedInUse = (sharedInUse && !waits) || rendered.sharedBytes > 0;
    const timed = (text: string) => stopwatch.around(i, text);
    calls.push(`/* ${kernel.name} ${scope.replaceAll("*/", "")} */`, ...call(rendered, name, parallel, timed));
  }
  const main = [
    ...declarations,
    ...stopwatch.definitions,
    "void descent_program(void** buffers, int worker, int workers, void* pool, void (*barrier)(void*, int)) {",
    "char* const* p = (char* const*)buffers;",
    `char* const scratch = p[${program.buffers.length}] + worker * ${align(scratchBytes)}L;`,
    `char* const shared = p[${program.buffers.length + 1}];`,
    "(void)scratch; (void)shared;",
    ...stopwatch.head(program.buffers.length + 2, new TimeTable(stopwatch.slots, 1).rowBytes),
    ...calls,
    "}",
  ];
  const heavy = definitions.filter(({ light }) => !light);
  const half = heavy.length > KERNELS_PER_SOURCE ? Math.ceil(heavy.length / 2) : heavy.length;
  const parts = [heavy.slice(0, half), heavy.slice(half), definitions.filter(({ light }) => light)];
  const sources = parts.filter((part, i) => i === 0 || part.length > 0).map((part) => sourceText(part, vectorBytes));
  return {
    sources: [`${sources[0]}\n${main.join("\n")}\n`, ...sources.slice(1)],
    functions: names.size,
    scratchBytes: align(scratchBytes),
    sharedBytes: align(sharedBytes),
    slots: stopwatch.slots,
  };
}

function phaseText(number: number, body: string): string {
  return `__attribute__((noinline, visibility("hidden"))) void @_${number}${SIGNATURE} ${body}\n`;
}

function sourceText(definitions: readonly Definition[], vectorBytes: number): string {
  const support = new Map(definitions.flatMap((each) => [...each.support]));
  const quickly = definitions.some(({ light }) => light) ? QUICKLY : "";
  return [quickly + prelude(vectorBytes), PHILOX_C, ...support.values(), ...definitions.map(({ text }) => text)].join(
    "\n",
  );
}

/** Calls of a kernel's phases. A kernel that is not shared out is done by the first worker alone. */
function call(
  { actual, phases }: RenderedKernel,
  name: string,
  parallel: boolean,
  timed: (call: string) => string,
): string[] {
  const list = `char* const q[] = {${actual.length > 0 ? actual.join(", ") : "0"}};`;
  const each = phases.map((_, i) => timed(`${name}_${i}(q, ${parallel ? "worker, workers" : "0, 1"});`));
  if (!parallel) return [`if (worker == 0) { ${list} ${each.join(" ")} }`];
  return [`{ ${list} ${each.join(" barrier(pool, worker); ")} }`];
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
