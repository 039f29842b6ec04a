import type { DType, Program, TypedArray } from "../ir/index.ts";
import type { Profiler, Roof } from "./profiler.ts";

/** Memory of one run: arrays made by the engine's `allocate`, in the order of the program's lists. */
export interface Buffers {
  readonly inputs: readonly TypedArray[];
  readonly state: readonly TypedArray[];
  readonly outputs: readonly TypedArray[];
}

/** A program ready to run on given memory: undefined when it was done at once, a promise when it runs beside the event loop. */
export type Runner = () => Promise<void> | undefined;

export interface Executable {
  /** Ties the program to memory; several bindings may share arrays, but only one of them runs at a time. */
  bind(buffers: Buffers): Runner;
  /**
   * What was made, for people. Engines that compile tell: kernels, threads, compileMs; bytes of memory: stateBytes, inputBytes,
   * outputBytes, arenaBytes (intermediates), liveBytes (the least that intermediates need in this order of kernels), scratchBytes.
   */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  /** What kernels it has and when they ran; of programs compiled with `profile`. */
  readonly profiler?: Profiler | undefined;
}

export interface CompileOptions {
  /** Let every thread note when it begins and ends each kernel. Results are the same, bit for bit. Default false. */
  readonly profile?: boolean | undefined;
}

/** A way to run programs. */
export interface Engine {
  readonly name: string;
  /**
   * Zeroed memory that this engine's programs can work on; 64-byte aligned where that matters. It may be used anew when the array
   * itself is collected, even while a `subarray` of it or another view of its buffer is alive: who keeps a view keeps the array too, and
   * what is given to users is a copy. It may lie in memory shared between threads, which some functions of browsers refuse.
   */
  allocate(dtype: DType, length: number): TypedArray;
  compile(program: Program, options?: CompileOptions): Promise<Executable>;
  /** One line about what it runs on: threads, vector width, compiler. */
  describe(): string;
  /** Measures what threads can do at best, over so many bytes of memory: a tenth of a second. Left out where nothing bounds it. */
  measureRoof?(bytes: number, threads: number): Promise<Roof>;
}

/** An engine, or the reason why there is none on this machine and what would help. */
export type Availability = { readonly engine: Engine } | { readonly reason: string };
