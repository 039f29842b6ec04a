import type { LibraryHandle } from "koffi";
import { defaultThreads } from "../../../engine/index.ts";
import type { TypedArray } from "../../../ir/index.ts";
import { fail } from "../../../util/index.ts";
import { NativeCall } from "./call.ts";
import { loadRuntime, type Pool, type Runtime } from "./runtime.ts";
import { BoundSeries, type SeriesArrays } from "./series.ts";

export interface ProgramOptions {
  /** Threads to run on; default DESCENT_THREADS, else all cores. Results must not depend on it. */
  readonly threads?: number;
  /** The C function's name; default "descent_program". */
  readonly symbol?: string;
}

/** Loads a compiled program, and the runtime when it is the first. */
export async function loadProgram(path: string, options: ProgramOptions = {}): Promise<NativeProgram> {
  const threads = options.threads ?? (await defaultThreads());
  return new NativeProgram(await loadRuntime(), path, { ...options, threads });
}

/**
 * A compiled program: a shared library that exports
 *
 * `void descent_program(void **buffers, int worker, int workers, void *pool, void (*barrier)(void *pool, int worker))`
 *
 * which every one of `workers` threads calls at the same time, each doing its share, all meeting at the same `barrier`s.
 * It may use 64 KiB of stack. The library is unloaded when the garbage collector has taken the program and its bindings.
 *
 * Bound to arrays, in the order of the C code, it runs: `await program.bind([weights, batch, loss]).runAsync()`.
 */
export class NativeProgram {
  readonly path: string;
  readonly pool: Pool;
  /** Keeps the library loaded. */
  private readonly library: LibraryHandle;
  private readonly entry: bigint;

  constructor(
    private readonly runtime: Runtime,
    path: string,
    { threads, symbol = "descent_program" }: ProgramOptions & { readonly threads: number },
  ) {
    this.path = path;
    this.pool = runtime.pool(threads);
    this.library = runtime.open(path);
    try {
      this.entry = BigInt(this.library.symbol(symbol));
    } catch {
      fail(`the library ${path} has no function ${symbol}`);
    }
  }

  /** A number that a function of the library without parameters gives. */
  number(symbol: string): number {
    return this.library.func(`double ${symbol}()`)();
  }

  /** Ties the program to memory, in the order its C code expects. The arrays are kept alive by the binding. */
  bind(buffers: readonly TypedArray[]): BoundNativeProgram {
    return BoundNativeProgram.of(this.runtime, this, this.entry, buffers);
  }
}

/** A program with its memory. */
export class BoundNativeProgram extends NativeCall {
  private constructor(
    private readonly runtime: Runtime,
    /** Keeps the library loaded. */
    readonly program: NativeProgram,
    /** The function, the pool and the arrays' addresses, as `struct bound_program` of the runtime. */
    readonly record: BigUint64Array,
    arrays: readonly TypedArray[],
  ) {
    super(runtime.call, runtime.address(record), arrays, program.pool);
  }

  static of(runtime: Runtime, program: NativeProgram, entry: bigint, buffers: readonly TypedArray[]) {
    const addresses = buffers.map((array) => BigInt(runtime.address(array)));
    const record = BigUint64Array.from([entry, BigInt(program.pool.address), ...addresses]);
    return new BoundNativeProgram(runtime, program, record, buffers);
  }

  /** The same program on the same memory, many times in a call. */
  series(arrays: SeriesArrays): BoundSeries {
    return new BoundSeries(this.runtime, this, arrays);
  }
}
