import type { LibraryHandle } from "koffi";
import { defaultThreads } from "../../../engine/index.ts";
import type { TypedArray } from "../../../ir/index.ts";
import { fail } from "../../../util/index.ts";
import { loadRuntime, type Pool, type Runtime } from "./runtime.ts";

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
    return new BoundNativeProgram(this.runtime, this, this.entry, buffers);
  }
}

/**
 * A program with its memory. Runs of one binding, or of bindings that share arrays, must not overlap:
 * asynchronous runs never do, but `runSync` does not wait for one that is under way (see {@link busy}).
 */
export class BoundNativeProgram {
  /** The function, the pool and the arrays' addresses, as `struct bound_program` of the runtime. */
  private readonly record: BigUint64Array;
  private readonly recordAddress: number;
  private readonly lengths: readonly number[];

  constructor(
    private readonly runtime: Runtime,
    readonly program: NativeProgram,
    entry: bigint,
    private readonly buffers: readonly TypedArray[],
  ) {
    this.record = new BigUint64Array(2 + buffers.length);
    this.record.set([entry, BigInt(program.pool.address), ...buffers.map((array) => BigInt(runtime.address(array)))]);
    this.recordAddress = runtime.address(this.record);
    this.lengths = buffers.map((array) => array.length);
  }

  /** Whether an asynchronous run on the same threads is under way; `runSync` would then make the event loop wait for it. */
  get busy(): boolean {
    return this.program.pool.lane.busy;
  }

  /** Runs the program now; returns when it is done. Costs about 50 ns on one thread, a microsecond on several. */
  runSync(): void {
    this.requireMemory();
    this.runtime.call(this.recordAddress);
  }

  /** Runs the program beside the event loop, after the asynchronous runs begun before on the same threads. */
  runAsync(): Promise<void> {
    this.requireMemory();
    return new Promise((resolve, reject) => {
      this.program.pool.lane.enter((done) => {
        this.runtime.call.async(this.recordAddress, (error: unknown) => {
          done();
          if (error) reject(error);
          else resolve();
        });
      });
    });
  }

  /** An array whose buffer was transferred (to a worker, by structuredClone) has lost its memory: C must not touch it. */
  private requireMemory(): void {
    for (let i = 0; i < this.buffers.length; i++) {
      if (this.buffers[i]?.length !== this.lengths[i]) {
        fail(`array ${i} of a compiled program was transferred elsewhere`, undefined, "transfer a copy of it");
      }
    }
  }
}
