import { writeLoop } from "../../../codegen/index.ts";
import { type TimeSlot, TimeTable } from "../../../engine/index.ts";
import { DTYPES } from "../../../ir/index.ts";
import {
  contractionAsLoops,
  type Kernel,
  type KernelProgram,
  type KernelStep,
  type RepeatKernel,
} from "../../../passes/index.ts";
import { renderContraction } from "../contraction/index.ts";
import {
  type Code,
  call,
  encodeModule,
  FunctionBuilder,
  f64,
  functionKey,
  i32,
  ins,
  local,
  memory,
  type WasmFunction,
  when,
} from "../encode/index.ts";
import type { AssemblerOptions } from "./assembler.ts";
import { BARRIER, barrierFunction } from "./barrier.ts";
import { type Phase, type RenderedKernel, simpleKernel } from "./kernel.ts";
import type { Actual } from "./pointers.ts";
import { renderRandom } from "./random.ts";
import { remainderFunction } from "./remainder.ts";
import { REMAINDER } from "./scalar.ts";
import { renderScatter } from "./scatter.ts";

export interface ModuleOptions extends AssemblerOptions {
  /** Whether the memory is shared between threads, which may then meet at barriers. */
  readonly shared: boolean;
  /** Note when each worker begins and ends each kernel, in a {@link TimeTable} in the last buffer of the program. */
  readonly profile?: boolean;
}

/** The clock that profiled modules import from "env": milliseconds. */
export const CLOCK = "now";

/** A program as a WebAssembly module, and the memory it works in beside the buffers. */
export interface RenderedModule {
  /**
   * Imports the memory `env.memory` and exports `run(table, worker, workers, sync)`: `table` is the address of the addresses of all
   * buffers, of the workers' scratch memory and of the memory they share; `sync` that of 64 bytes, zeros at first, where workers meet.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Distinct kernel functions. */
  readonly functions: number;
  /** Bytes of working memory of each worker, a multiple of 64. */
  readonly scratchBytes: number;
  /** Bytes of working memory that workers share. */
  readonly sharedBytes: number;
  /** What each slot of the table of times belongs to; none when the program is not profiled. */
  readonly slots: readonly TimeSlot[];
}

type PlainKernel = Exclude<Kernel, RepeatKernel>;

type StepFlags = Pick<KernelStep, "barrier" | "parallel">;

interface DrawnKernel extends StepFlags {
  readonly rendered: RenderedKernel;
}

interface DrawnLoop extends StepFlags {
  readonly kernel: RepeatKernel;
  readonly steps: readonly DrawnStep[];
}

type DrawnStep = DrawnKernel | DrawnLoop;

/** All kernels, those of loops among them. */
function flatten(steps: readonly DrawnStep[]): RenderedKernel[] {
  return steps.flatMap((step) => ("steps" in step ? flatten(step.steps) : [step.rendered]));
}

function renderKernel(kernel: PlainKernel, options: AssemblerOptions): RenderedKernel {
  switch (kernel.kind) {
    case "loop":
      return simpleKernel(options, ({ assembler }, block) => writeLoop(kernel, assembler, block));
    case "contraction":
      return renderContraction(kernel, options) ?? renderKernel(contractionAsLoops(kernel), options);
    case "random":
      return renderRandom(kernel, options);
    case "scatter":
      return renderScatter(kernel, options);
  }
}

/** The module of a whole program: functions per distinct kernel, and one that runs them in order, every worker taking its share. */
export function renderModule(program: KernelProgram, options: ModuleOptions): RenderedModule {
  return new ModuleRenderer(program, options).render();
}

class ModuleRenderer {
  private readonly functions = new Map<string, WasmFunction>([[REMAINDER, remainderFunction()]]);
  /** Names of functions by all that they do. */
  private readonly names = new Map<string, string>();
  private readonly builder = new FunctionBuilder();
  private readonly table = this.builder.parameter("i32");
  private readonly worker = this.builder.parameter("i32");
  private readonly workers = this.builder.parameter("i32");
  private readonly sync = this.builder.parameter("i32");
  /** Addresses already read from the table. */
  private readonly addresses = new Map<number, Code>();
  private readonly head: Code[] = [];
  private readonly slots: TimeSlot[] = [];
  private readonly times = this.builder.local("i32");
  private readonly start = this.builder.local("f64");
  private kernels = 0;

  constructor(
    private readonly program: KernelProgram,
    private readonly options: ModuleOptions,
  ) {}

  render(): RenderedModule {
    const steps = this.draw(this.program.steps);
    const drawn = flatten(steps);
    const scratchBytes = align(Math.max(0, ...drawn.map(({ scratchBytes }) => scratchBytes)));
    const sharedBytes = align(Math.max(0, ...drawn.map(({ sharedBytes }) => sharedBytes)));
    const body = this.sequence(steps, scratchBytes);
    if (this.options.profile) this.locateTimes();
    this.builder.body.push(this.head, body);
    if (this.options.shared) this.functions.set(BARRIER, barrierFunction());
    this.functions.set("run", this.builder);
    const { shared, profile } = this.options;
    const clock = profile ? { module: "env", name: CLOCK } : undefined;
    return {
      bytes: encodeModule(this.functions, ["run"], { module: "env", name: "memory", shared }, clock),
      functions: this.names.size,
      scratchBytes,
      sharedBytes,
      slots: this.slots,
    };
  }

  /** Renders all kernels. */
  private draw(steps: readonly KernelStep[]): DrawnStep[] {
    return steps.map(({ kernel, barrier, parallel }) => {
      if (kernel.kind === "repeat") return { kernel, barrier, parallel, steps: this.draw(kernel.steps) };
      const rendered = renderKernel(kernel, this.options);
      for (const [name, each] of rendered.support) this.functions.set(name, each);
      return { barrier, parallel, rendered };
    });
  }

  /** Steps one after the other; `alone`: by one worker, in a loop that the others pass by. */
  private sequence(steps: readonly DrawnStep[], scratchBytes: number, repeated = false, alone = false): Code[] {
    const body: Code[] = [];
    const wait = () => (alone ? [] : this.barrier());
    let sharedInUse = repeated;
    for (const step of steps) {
      if ("steps" in step) {
        if (step.barrier) body.push(wait());
        body.push(this.repeat(step, scratchBytes, alone));
        sharedInUse = true;
        continue;
      }
      const { rendered, barrier, parallel } = step;
      // Nobody may still be using the shared memory for an earlier kernel.
      const waits: boolean = barrier || (sharedInUse && rendered.sharedBytes > 0);
      if (waits) body.push(wait());
      sharedInUse = (sharedInUse && !waits) || rendered.sharedBytes > 0;
      const number = this.kernels++;
      const shared = parallel && !alone;
      const calls = rendered.phases.map((phase) =>
        this.timed(number, this.call(phase, shared, scratchBytes), repeated),
      );
      if (shared) calls.forEach((each, phase) => body.push(phase > 0 ? this.barrier() : [], each));
      else body.push(alone ? calls : when(ins("i32.eqz", local.get(this.worker)), calls));
    }
    return body;
  }

  /** A loop: windows move, then its kernels run. Where workers share none of them, one worker does all turns. */
  private repeat({ kernel, parallel, steps }: DrawnLoop, scratchBytes: number, outerAlone: boolean): Code {
    const { count, windows, barrier } = kernel;
    if (count === 0) return [];
    const alone = !parallel;
    const turn = this.builder.local("i32");
    const moves = windows.map((number) => {
      const { dtype, place } = this.program.buffers[number]!;
      if (place.kind !== "window") throw new Error("Descent bug: a window that does not lie in a buffer");
      const { of, first, stride, period, phase = 0 } = place;
      const { bytes } = DTYPES[dtype];
      const turns =
        period === undefined
          ? local.get(turn)
          : ins("i32.rem_u", ins("i32.add", local.get(turn), i32(phase)), i32(period));
      const moved = ins("i32.mul", turns, i32(stride * bytes));
      const window = this.builder.local("i32");
      this.addresses.set(number, local.get(window));
      return local.set(window, ins("i32.add", ins("i32.add", this.entry(of), i32(first * bytes)), moved));
    });
    const wait = barrier && !alone ? when(local.get(turn), this.barrier()) : [];
    const inner = [wait, moves, this.sequence(steps, scratchBytes, true, alone)];
    const next = local.tee(turn, ins("i32.add", local.get(turn), i32(1)));
    const turns: Code = [local.set(turn, i32(0)), 0x03, 0x40, inner, ins("i32.lt_u", next, i32(count)), 0x0d, 0, 0x0b];
    return alone && !outerAlone ? when(ins("i32.eqz", local.get(this.worker)), turns) : turns;
  }

  /** A call of a phase of kernel number `kernel`, between two looks at the clock when the program is profiled. */
  private timed(kernel: number, each: Code, repeated: boolean): Code {
    if (!this.options.profile) return each;
    const at = 16 * (this.slots.push({ kernel, repeated }) - 1);
    const note = (offset: number, value: Code) => memory("f64.store", local.get(this.times), offset, value);
    if (!repeated) return [note(at, call(CLOCK)), each, note(at + 8, call(CLOCK))];
    const read = (offset: number) => memory("f64.load", local.get(this.times), offset);
    const begin = this.builder.local("f64");
    // Times of an earlier run lie before the start of this one.
    const isFirst = ins("i32.eqz", ins("f64.gt", read(at), local.get(this.start)));
    return [
      local.set(begin, call(CLOCK)),
      each,
      when(isFirst, [note(at, local.get(begin)), note(at + 8, f64(0))]),
      note(at + 8, ins("f64.add", read(at + 8), ins("f64.sub", call(CLOCK), local.get(begin)))),
    ];
  }

  /** Puts the address of this worker's row of the table of times, the last buffer, into its local. */
  private locateTimes(): void {
    const { rowBytes } = new TimeTable(this.slots, 1);
    const row = ins("i32.mul", local.get(this.worker), i32(rowBytes));
    const table = this.entry(this.program.buffers.length - 1);
    this.head.push(local.set(this.times, ins("i32.add", table, row)), local.set(this.start, call(CLOCK)));
  }

  private barrier(): Code {
    if (!this.options.shared) return [];
    const several = ins("i32.gt_u", local.get(this.workers), i32(1));
    return when(several, call(BARRIER, local.get(this.sync), local.get(this.workers)));
  }

  private call(phase: Phase, parallel: boolean, scratchBytes: number): Code {
    const share = parallel ? [local.get(this.worker), local.get(this.workers)] : [i32(0), i32(1)];
    return call(this.nameOf(phase.function), ...share, ...phase.actual.map((each) => this.address(each, scratchBytes)));
  }

  private nameOf(each: WasmFunction): string {
    const key = functionKey(each);
    let name = this.names.get(key);
    if (!name) {
      name = `kernel_${this.names.size}`;
      this.names.set(key, name);
      this.functions.set(name, each);
    }
    return name;
  }

  private address(actual: Actual, scratchBytes: number): Code {
    const { length } = this.program.buffers;
    if (actual === "shared") return this.entry(length + 1);
    if (actual === "scratch")
      return ins("i32.add", this.entry(length), ins("i32.mul", local.get(this.worker), i32(scratchBytes)));
    const start = this.entry(actual.buffer);
    return actual.bytes === 0 ? start : ins("i32.add", start, i32(actual.bytes));
  }

  private entry(number: number): Code {
    let address = this.addresses.get(number);
    if (!address) {
      address = this.builder.hold("i32", memory("i32.load", local.get(this.table), number * 4), this.head);
      this.addresses.set(number, address);
    }
    return address;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
