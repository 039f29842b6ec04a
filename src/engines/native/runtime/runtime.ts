import type { KoffiFunc, LibraryHandle } from "koffi";
import { Lane } from "../../../engine/index.ts";
import { DTYPES, type DType, type TypedArray } from "../../../ir/index.ts";
import { fail } from "../../../util/index.ts";
import { compileLibrary, findCompiler } from "../toolchain/index.ts";
import { type Koffi, loadKoffi } from "./koffi.ts";
import { RUNTIME_SOURCE } from "./source.ts";

/** Bytes that arrays are aligned to: a cache line, and the widest vector register. */
const ALIGNMENT = 64;
/** Bytes from which large pages pay. */
const LARGE = 4 << 20;

/** The threads that programs run on, seen from one JavaScript thread. */
export interface Pool {
  readonly threads: number;
  /** Address of the pool in C; 0 for one thread, which needs none. */
  readonly address: number;
  readonly lane: Lane;
}

const runtimes = new Map<string, Promise<Runtime>>();

/**
 * Compiles the runtime (once: it is cached) and loads it.
 *
 * @throws DescentError when there is no compiler, no place for what it makes, or no koffi
 */
export async function loadRuntime(): Promise<Runtime> {
  const { compiler, reason } = await findCompiler();
  if (!compiler) fail(reason);
  let runtime = runtimes.get(compiler.identity);
  if (!runtime) {
    const source = { name: "runtime", sources: [RUNTIME_SOURCE] };
    runtime = Promise.all([loadKoffi(), compileLibrary(source, { compiler })]).then(
      ([koffi, { path }]) => new Runtime(koffi, path),
    );
    runtimes.set(compiler.identity, runtime);
    runtime.catch(() => runtimes.delete(compiler.identity));
  }
  return runtime;
}

/** The C side, loaded: thread pools, memory for programs, and calls. */
export class Runtime {
  /** Runs a bound program, given the address of its record; `call.async` does so beside the event loop. */
  readonly call: KoffiFunc<(record: number) => void>;
  /** Runs a series of runs, given the address of its record. */
  readonly callSeries: KoffiFunc<(record: number) => void>;
  private readonly openPool: (threads: number) => number;
  private readonly advise: (address: number, bytes: number) => void;
  private readonly pools = new Map<number, Pool>();

  constructor(
    private readonly koffi: Koffi,
    path: string,
  ) {
    const library = this.open(path);
    // Addresses travel as numbers: twice as fast as bigints or typed arrays, and exact (below 2^53).
    this.call = library.func("void descent_call(uintptr_t record)") as KoffiFunc<(record: number) => void>;
    this.callSeries = library.func("void descent_run_series(uintptr_t record)") as KoffiFunc<(record: number) => void>;
    this.openPool = library.func("uintptr_t descent_pool_shared(int threads)");
    this.advise = library.func("void descent_advise(uintptr_t start, uint64_t bytes)");
  }

  /**
   * The pool of that many threads; made when first asked for, shared by the whole process.
   *
   * @throws DescentError when the system gives no more threads
   */
  pool(threads: number): Pool {
    let pool = this.pools.get(threads);
    if (!pool) {
      const address = threads === 1 ? 0 : Number(this.openPool(threads));
      if (threads !== 1 && address === 0) {
        fail(`the system did not start ${threads} threads`, undefined, "set DESCENT_THREADS to fewer");
      }
      pool = { threads, address, lane: new Lane() };
      this.pools.set(threads, pool);
    }
    return pool;
  }

  /**
   * A zeroed array whose memory begins at a multiple of 64 bytes; freed by the garbage collector.
   *
   * @throws DescentError when there is not that much memory
   */
  allocate(dtype: DType, length: number): TypedArray {
    const bytes = length * DTYPES[dtype].bytes;
    let memory: ArrayBuffer;
    try {
      memory = new ArrayBuffer(bytes + ALIGNMENT);
    } catch {
      fail(`an array of ${length} ${dtype} values takes ${(bytes / 1e6).toFixed(1)} MB, more than can be had`);
    }
    const start = this.address(new Uint8Array(memory));
    const offset = (ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT;
    if (bytes >= LARGE) this.advise(start + offset, bytes);
    switch (dtype) {
      case "float32":
        return new Float32Array(memory, offset, length);
      case "int32":
        return new Int32Array(memory, offset, length);
      case "uint32":
        return new Uint32Array(memory, offset, length);
      default:
        return new Uint8Array(memory, offset, length);
    }
  }

  /** Where an array's memory begins. It stays there as long as the array lives and its buffer is not transferred. */
  address(array: TypedArray | BigUint64Array): number {
    // A small array may live inside the JavaScript heap, where it moves, until its buffer is asked for.
    return array.buffer.byteLength === 0 ? 0 : Number(this.koffi.address(array));
  }

  /** Loads a shared library; it stays loaded as long as the handle lives. */
  open(path: string): LibraryHandle {
    try {
      return this.koffi.load(path);
    } catch (error) {
      fail(
        `the compiled library ${path} can't be loaded (${(error as Error).message})`,
        undefined,
        "is its folder on a file system that allows programs to run? DESCENT_CACHE names another folder",
      );
    }
  }
}
