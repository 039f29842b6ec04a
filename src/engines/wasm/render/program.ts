import { writeLoop } from "../../../codegen/index.ts";
import { TimeTable } from "../../../engine/index.ts";
import { contractionAsLoops, type Kernel, type KernelProgram } from "../../../passes/index.ts";
import { renderContraction } from "../contraction/index.ts";
import {
  type Code,
  call,
  encodeModule,
  FunctionBuilder,
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
  /** The kernel that each slot of the table of times belongs to; none when the program is not profiled. */
  readonly slots: readonly number[];
}

function renderKernel(kernel: Kernel, options: AssemblerOptions): RenderedKernel {
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
  private readonly slots: number[] = [];
  private readonly times = this.builder.local("i32");

  constructor(
    private readonly program: KernelProgram,
    private readonly options: ModuleOptions,
  ) {}

  render(): RenderedModule {
    const kernels = this.program.steps.map((step) => ({ step, rendered: renderKernel(step.kernel, this.options) }));
    const scratchBytes = align(Math.max(0, ...kernels.map(({ rendered }) => rendered.scratchBytes)));
    const sharedBytes = align(Math.max(0, ...kernels.map(({ rendered }) => rendered.sharedBytes)));
    const body: Code[] = [];
    let sharedInUse = false;
    for (const [i, { step, rendered }] of kernels.entries()) {
      for (const [name, each] of rendered.support) this.functions.set(name, each);
      // Nobody may still be using the shared memory for an earlier kernel.
      const waits: boolean = step.barrier || (sharedInUse && rendered.sharedBytes > 0);
      if (waits) body.push(this.barrier());
      sharedInUse = (sharedInUse && !waits) || rendered.sharedBytes > 0;
      const calls = rendered.phases.map((phase) => this.timed(i, this.call(phase, step.parallel, scratchBytes)));
      if (step.parallel) calls.forEach((each, phase) => body.push(phase > 0 ? this.barrier() : [], each));
      else body.push(when(ins("i32.eqz", local.get(this.worker)), calls));
    }
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

  /** A call of a phase of kernel number `kernel`, between two looks at the clock when the program is profiled. */
  private timed(kernel: number, each: Code): Code {
    if (!this.options.profile) return each;
    const at = 16 * (this.slots.push(kernel) - 1);
    const note = (offset: number) => memory("f64.store", local.get(this.times), offset, call(CLOCK));
    return [note(at), each, note(at + 8)];
  }

  /** Puts the address of this worker's row of the table of times, the last buffer, into its local. */
  private locateTimes(): void {
    const { rowBytes } = new TimeTable(this.slots, 1);
    const row = ins("i32.mul", local.get(this.worker), i32(rowBytes));
    const table = this.entry(this.program.buffers.length - 1);
    this.head.push(local.set(this.times, ins("i32.add", table, row)));
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
