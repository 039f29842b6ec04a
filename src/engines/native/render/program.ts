import { type TimeSlot, TimeTable } from "../../../engine/index.ts";
import { DTYPES } from "../../../ir/index.ts";
import {
  fixedIn,
  type Kernel,
  type KernelProgram,
  type KernelStep,
  type RepeatKernel,
  workOf,
} from "../../../passes/index.ts";
import { invariant } from "../../../util/index.ts";
import { renderContraction, type Surroundings } from "../contraction/index.ts";
import { HELPED_CALLS } from "../runtime/source.ts";
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
  /** When it notes times: what each slot of the {@link TimeTable} belongs to. The table is buffer number `buffers.length + 2`. */
  readonly slots: readonly TimeSlot[];
}

/** A kernel's C: functions called one after the other by all workers, with barriers between. `@` stands for its name. */
interface RenderedKernel {
  readonly support: ReadonlyMap<string, string>;
  readonly helpers: string;
  /** In a loop, phases that are done `once` come before its first turn. */
  readonly phases: readonly { readonly body: string; readonly once?: boolean }[];
  readonly actual: readonly string[];
  readonly scratchBytes: number;
  readonly sharedBytes: number;
  /** Memory of what is prepared once, named "prepared" in `actual`. */
  readonly preparedBytes: number;
}

type PlainKernel = Exclude<Kernel, RepeatKernel>;

/** The loop that a kernel is in. */
interface Around {
  readonly kernel: RepeatKernel;
  /** How often it is done in a run of the program. */
  readonly turns: number;
  /** By one worker, without the others. */
  readonly alone: boolean;
  /** What has to be done before its first turn. */
  readonly before: string[];
}

const BARRIER = "barrier(pool, worker);";

/** What the numbers of a run's calls must stay below. */
const MOST_CALLS = 1 << 16;
/** C of a call's claims where everybody does its own share. */
const OWN_SHARE = "(claims){0}";

function renderKernel(kernel: PlainKernel, vectorBytes: VectorBytes, surroundings: Surroundings): RenderedKernel {
  if (kernel.kind === "contraction") return renderContraction(kernel, vectorBytes, surroundings);
  const { body, actual } =
    kernel.kind === "loop"
      ? renderLoop(kernel, vectorBytes)
      : kernel.kind === "random"
        ? renderRandom(kernel)
        : renderScatter(kernel);
  return {
    support: new Map(),
    helpers: "",
    phases: [{ body }],
    actual,
    scratchBytes: 0,
    sharedBytes: 0,
    preparedBytes: 0,
  };
}

const SIGNATURE = "(char* const* q, const long worker, const long workers, const claims of)";
/** Functions up to which one source is enough, and the fewest in one of several: what each begins with takes the compiler a while. */
const WORTH_CUTTING = { from: 12, least: 6 } as const;
/** Work of a program, and share of it, below which a kernel is light: compiling it well would take longer than it ever saves. */
const LIGHT = { program: 1_000_000, share: 0.002 } as const;
/** gcc's quick optimizations for a whole source; other compilers pass over it. */
const QUICKLY = '#pragma GCC optimize ("O1")\n';

interface Definition {
  readonly text: string;
  readonly support: ReadonlyMap<string, string>;
  readonly light: boolean;
}

export interface RenderOptions {
  /** Note when kernels run; default false. */
  readonly profile?: boolean;
  /** Processors that may compile at the same time; default 2. */
  readonly processors?: number;
  /** Whether the processor multiplies pairs of bfloat16 by one instruction; default true. Where it does not, such code is right, and slow. */
  readonly pairs?: boolean;
}

/** C of a whole program: functions per distinct kernel, and one that runs them in order, every worker taking its share. */
export function renderProgram(
  program: KernelProgram,
  vectorBytes: VectorBytes,
  { profile = false, processors = 2, pairs = true }: RenderOptions = {},
): RenderedProgram {
  return new ProgramRenderer(program, vectorBytes, profile, processors, pairs).render();
}

class ProgramRenderer {
  private readonly stopwatch: Stopwatch;
  private readonly names = new Map<string, string>();
  private readonly definitions: Definition[] = [];
  private readonly declarations: string[] = [];
  private scratchBytes = 0;
  private sharedBytes = 0;
  /** Memory of what loops prepare before their first turn, behind the shared memory of kernels. */
  private preparedBytes = 0;
  private kernels = 0;
  /** Calls in which workers help each other, in all and since the last barrier. */
  private helped = { inAll: 0, sinceBarrier: 0 };

  constructor(
    private readonly program: KernelProgram,
    private readonly vectorBytes: VectorBytes,
    profile: boolean,
    private readonly processors: number,
    private readonly pairs: boolean,
  ) {
    this.stopwatch = new Stopwatch(profile);
  }

  render(): RenderedProgram {
    const { program, vectorBytes, stopwatch, definitions } = this;
    const calls = this.sequence(program.steps);
    const { length } = program.buffers;
    const moving = program.steps.some(({ kernel }) => kernel.kind === "repeat");
    const main = [
      ...this.declarations,
      ...stopwatch.definitions,
      "void descent_program(void** buffers, int worker, int workers, void* pool, void (*barrier)(void*, int)) {",
      // Loops move some of the pointers, every worker its own.
      moving
        ? `char* p[${length + 3}]; memcpy(p, buffers, ${length + (stopwatch.definitions.length > 0 ? 3 : 2)} * sizeof *p);`
        : "char* const* p = (char* const*)buffers;",
      `char* const scratch = p[${length}] + worker * ${align(this.scratchBytes)}L;`,
      `char* const shared = p[${length + 1}];`,
      `char* const prepared = shared + ${align(this.sharedBytes)}L;`,
      "(void)scratch; (void)shared; (void)prepared;",
      // The pool begins with the words of its workers and the number of the run.
      "uint64_t* const words = pool && workers > 1 ? *(uint64_t**)pool : 0;",
      `const uint64_t run = words ? ((uint64_t*)pool)[1] * ${MOST_CALLS} : 0;`,
      "(void)run;",
      ...stopwatch.head(length + 2, new TimeTable(stopwatch.slots, 1).rowBytes),
      ...calls,
      "}",
    ];
    const parts = [false, true].flatMap((light) =>
      cut(
        definitions.filter((each) => each.light === light),
        this.processors,
      ),
    );
    const sources = parts.filter((part, i) => i === 0 || part.length > 0).map((part) => sourceText(part, vectorBytes));
    return {
      sources: [`${sources[0]}\n${main.join("\n")}\n`, ...sources.slice(1)],
      functions: this.names.size,
      scratchBytes: align(this.scratchBytes),
      sharedBytes: align(this.sharedBytes) + this.preparedBytes,
      slots: stopwatch.slots,
    };
  }

  /** Steps one after the other, in a loop or outside of any. `alone`: by one worker, the others pass by. */
  private sequence(steps: readonly KernelStep[], around?: Around): string[] {
    const calls: string[] = [];
    const wait = around?.alone ? [] : [BARRIER];
    let sharedInUse = around !== undefined;
    for (const { kernel, barrier, parallel, scope } of steps) {
      calls.push(`/* ${kernel.name} ${scope.replaceAll("*/", "")} */`);
      if (kernel.kind === "repeat") {
        if (barrier) calls.push(...wait);
        if (barrier && !around) this.helped.sinceBarrier = 0;
        calls.push(...this.repeat(kernel, parallel, around));
        sharedInUse = true;
        continue;
      }
      const { rendered, name } = this.define(kernel, around);
      // Nobody may still be using the shared memory for an earlier kernel.
      const waits: boolean = barrier || (sharedInUse && rendered.sharedBytes > 0);
      if (waits) calls.push(...wait);
      if (waits && !around) this.helped.sinceBarrier = 0;
      sharedInUse = (sharedInUse && !waits) || rendered.sharedBytes > 0;
      calls.push(...this.call(rendered, name, parallel, around));
    }
    return calls;
  }

  /** A loop: windows move, then its kernels run. Where workers share none of them, one worker does all turns. */
  private repeat(kernel: RepeatKernel, parallel: boolean, outer: Around | undefined): string[] {
    const { count, steps, windows, barrier, name } = kernel;
    const turn = `turn_${name}`;
    const moves = windows.map((number) => {
      const { dtype, place } = this.program.buffers[number]!;
      invariant(place.kind === "window", "a window that does not lie in a buffer");
      const { of, first, stride, period, phase = 0 } = place;
      const { bytes } = DTYPES[dtype];
      const at = period === undefined ? turn : `(${turn} + ${phase}) % ${period}`;
      return `p[${number}] = p[${of}] + ${first * bytes}L + ${at} * ${stride * bytes}L;`;
    });
    const alone = !parallel;
    const around = { kernel, turns: count * (outer?.turns ?? 1), alone, before: [] as string[] };
    const body = this.sequence(steps, around);
    const wait = barrier && !alone ? [`if (${turn} > 0) ${BARRIER}`] : [];
    const ready = around.before.length > 0 && !alone ? [BARRIER] : [];
    const all = [
      ...around.before,
      ...ready,
      `for (long ${turn} = 0; ${turn} < ${count}; ${turn}++) {`,
      ...wait,
      ...moves,
      ...body,
      "}",
    ];
    return alone && !outer?.alone ? ["if (worker == 0) {", ...all, "}"] : all;
  }

  /** Calls of a kernel's phases; those that prepare what all turns of a loop use stand before it. */
  private call(
    { actual, phases, preparedBytes }: RenderedKernel,
    name: string,
    parallel: boolean,
    around?: Around,
  ): string[] {
    const number = this.kernels++;
    const place = this.preparedBytes;
    this.preparedBytes += align(preparedBytes);
    const pointers = actual.map((each) => (each === "prepared" ? `prepared + ${place}` : each));
    const list = `char* const q[] = {${pointers.length > 0 ? pointers.join(", ") : "0"}};`;
    const share = parallel && !around?.alone ? "worker, workers" : "0, 1";
    const calls = phases.map(({ once = false }, i) => {
      if (i > 0 && parallel && !around) this.helped.sinceBarrier = 0;
      const claims = parallel && !around ? this.claims() : OWN_SHARE;
      const call = `${name}_${i}(q, ${share}, ${claims});`;
      const text = this.stopwatch.around(number, call, around !== undefined && !once);
      return { once, text };
    });
    const block = (texts: readonly string[]) => {
      if (texts.length === 0) return [];
      if (parallel && !around?.alone) return [`{ ${list} ${texts.join(` ${BARRIER} `)} }`];
      return [`${around?.alone ? "" : "if (worker == 0) "}{ ${list} ${texts.join(" ")} }`];
    };
    around?.before.push(...block(calls.filter(({ once }) => once).map(({ text }) => text)));
    return block(calls.filter(({ once }) => !once).map(({ text }) => text));
  }

  /** C of the next call's claims. In loops, whose turns are many and short, workers keep to their shares. */
  private claims(): string {
    const { helped } = this;
    if (helped.sinceBarrier === HELPED_CALLS || helped.inAll === MOST_CALLS) return OWN_SHARE;
    const place = `${helped.sinceBarrier++}L * workers * WORD_STRIDE`;
    return `(claims){words ? words + ${place} : 0, run + ${helped.inAll++}}`;
  }

  private define(kernel: PlainKernel, around?: Around): { rendered: RenderedKernel; name: string } {
    const { program, names } = this;
    const isFixed = around ? fixedIn(around.kernel, program.buffers) : () => false;
    const rendered = renderKernel(kernel, this.vectorBytes, {
      isFixed,
      lengthOf: (buffer) => this.program.buffers[buffer]!.length,
      pairs: this.pairs,
    });
    const text = [rendered.helpers, ...rendered.phases.map(({ body }, i) => phaseText(i, body))].join("\n");
    let name = names.get(text);
    if (!name) {
      name = `kernel_${names.size}`;
      names.set(text, name);
      const work = workOf(kernel) * (around?.turns ?? 1);
      const light = program.work > LIGHT.program && work < LIGHT.share * program.work;
      this.definitions.push({ text: text.replaceAll("@", name), support: rendered.support, light });
      rendered.phases.forEach((_, phase) => this.declarations.push(`void ${name}_${phase}${SIGNATURE};`));
    }
    this.scratchBytes = Math.max(this.scratchBytes, rendered.scratchBytes);
    this.sharedBytes = Math.max(this.sharedBytes, rendered.sharedBytes);
    return { rendered, name };
  }
}

function phaseText(number: number, body: string): string {
  return `__attribute__((noinline, visibility("hidden"))) void @_${number}${SIGNATURE} ${body}\n`;
}

/** The list in at most `most` parts of about as much text each. */
function cut(definitions: readonly Definition[], most: number): Definition[][] {
  const { from, least } = WORTH_CUTTING;
  const count = definitions.length > from ? Math.min(most, Math.ceil(definitions.length / least)) : 1;
  const total = definitions.reduce((sum, { text }) => sum + text.length, 0);
  const parts = Array.from({ length: count }, (): Definition[] => []);
  let before = 0;
  for (const each of definitions) {
    // By its middle: a part ends where the text before is closest to its share.
    parts[Math.floor((count * (before + each.text.length / 2)) / total)]!.push(each);
    before += each.text.length;
  }
  return parts;
}

function sourceText(definitions: readonly Definition[], vectorBytes: number): string {
  const support = new Map(definitions.flatMap((each) => [...each.support]));
  const quickly = definitions.some(({ light }) => light) ? QUICKLY : "";
  return [quickly + prelude(vectorBytes), PHILOX_C, ...support.values(), ...definitions.map(({ text }) => text)].join(
    "\n",
  );
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
