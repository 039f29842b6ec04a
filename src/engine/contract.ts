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

/** What goes into an input before each run of a series: as many rows of an array in memory as fill it. */
export interface RowSource {
  /** Any array of the input's type; not one that `allocate` made. */
  readonly data: TypedArray;
  /** Elements of a row. */
  readonly rowSize: number;
  /** Elements from one row's start to the next one's. */
  readonly rowStride: number;
  /** Numbers of the rows, run after run, all within the data. Left out: the rows in their order. */
  readonly order?: Uint32Array | undefined;
  /** Whether every series begins with the first row, wherever among the runs it begins. */
  readonly restarts?: boolean | undefined;
}

/** Where runs one after the other find their inputs and leave their outputs. */
export interface SeriesPlan {
  /** In the order of the program's inputs; undefined for one that stays as it is. */
  readonly inputs: readonly (RowSource | undefined)[];
  /** In the order of the program's outputs: room for those of every run of a series, one after the other; undefined where nobody asks for them. */
  readonly outputs: readonly (TypedArray | undefined)[];
  /** A float32 output: the series ends with the first run after which it holds NaN or infinity. */
  readonly watched?: number | undefined;
}

/**
 * Runs a program `count` times, from run number `first` on, and gives the number of runs done. Afterwards inputs and outputs hold what the last
 * of them had. At once, or a promise when it goes on beside the event loop.
 */
export type SeriesRunner = (first: number, count: number) => number | Promise<number>;

export interface Executable {
  /** Ties the program to memory; several bindings may share arrays, but only one of them runs at a time. */
  bind(buffers: Buffers): Runner;
  /** The same for many runs in one call. Left out by engines on which that is not faster than run after run. */
  bindSeries?(buffers: Buffers, plan: SeriesPlan): SeriesRunner;
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
