import { availableParallelism } from "node:os";
import {
  type Availability,
  type Buffers,
  boundaryBytes,
  type CompileOptions,
  defaultThreads,
  type Engine,
  type Executable,
  type Profiler,
  type Roof,
  type Runner,
  type SeriesPlan,
  type SeriesRunner,
} from "../../engine/index.ts";
import { type DType, identify, type Program, type TypedArray } from "../../ir/index.ts";
import { compileKernels, countKernels, updateRows, windowSums } from "../../passes/index.ts";
import { fingerprint } from "./fingerprint.ts";
import { measureRoof, type Profiled, profilerOf } from "./profile.ts";
import { type Recipe, readRecipe, writeRecipe } from "./recipe.ts";
import { renderProgram } from "./render/program.ts";
import {
  type BoundNativeProgram,
  loadProgram,
  loadRuntime,
  type NativeProgram,
  type Runtime,
} from "./runtime/index.ts";
import {
  type CompiledLibrary,
  type Compiler,
  compileLibrary,
  digest,
  findCompiler,
  findLibrary,
  keepRecord,
  recallRecord,
} from "./toolchain/index.ts";

/** Elementary operations below which a run is over before another thread would have woken up. */
const SINGLE_THREAD_WORK = 150_000;
/** Elementary operations below which a run is done on the calling thread: some ten microseconds. */
const AT_ONCE_WORK = 1_000_000;
/** Milliseconds that the last run of a larger program took, below which the next one is done on the event loop's thread. */
const AT_ONCE_MS = 2;

/** Memory of a compiled program's own. */
interface OwnMemory {
  readonly data: readonly TypedArray[];
  /** All intermediates, where the memory plan puts them. */
  readonly arena: TypedArray;
  /** Scratch memory of all workers, memory they share, and the table of times when the program is profiled. */
  readonly working: readonly TypedArray[];
}

/** A compiled program: its library, and what goes with it. */
interface Made {
  readonly library: CompiledLibrary;
  readonly recipe: Recipe;
  readonly data: readonly TypedArray[];
  readonly profiled?: Profiled | undefined;
}

class NativeExecutable implements Executable {
  constructor(
    private readonly library: NativeProgram,
    private readonly program: Recipe,
    private readonly own: OwnMemory,
    readonly facts: Executable["facts"],
    readonly profiler: Profiler | undefined,
  ) {}

  bind(buffers: Buffers): Runner {
    const bound = this.tie(buffers);
    if (this.program.work < AT_ONCE_WORK) {
      return () => {
        // On a busy pool it would make the event loop wait.
        if (bound.busy) return bound.runAsync();
        bound.runSync();
        return undefined;
      };
    }
    const place = new Place();
    return () => {
      const done = place.take(1, bound.busy);
      if (!done.atOnce) return bound.runAsync().then(done.note);
      bound.runSync();
      done.note();
      return nextTurn();
    };
  }

  bindSeries(buffers: Buffers, { inputs, outputs, watched }: SeriesPlan): SeriesRunner {
    const pairs = <A, B>(
      own: readonly TypedArray[],
      given: readonly (A | undefined)[],
      pair: (own: TypedArray, given: A) => B,
    ) => given.flatMap((each, i) => (each === undefined ? [] : [pair(own[i]!, each)]));
    const series = this.tie(buffers).series({
      inputs: pairs(buffers.inputs, inputs, (input, source) => ({ input, source })),
      outputs: pairs(buffers.outputs, outputs, (output, kept) => ({ output, kept })),
      watched: watched === undefined ? undefined : buffers.outputs[watched],
    });
    const small = this.program.work < AT_ONCE_WORK;
    const place = new Place(small ? 0 : undefined);
    return (first, count) => {
      const done = place.take(count, series.busy);
      if (!done.atOnce) {
        return series.runAsync(first, count).then((runs) => {
          done.note();
          return runs;
        });
      }
      const runs = series.runSync(first, count);
      done.note();
      return small ? runs : nextTurn().then(() => runs);
    };
  }

  /** The program with memory for everything that it names. */
  private tie(buffers: Buffers): BoundNativeProgram {
    const arrays = this.program.buffers.map(({ place, dtype, length }): TypedArray => {
      switch (place.kind) {
        case "input":
          return buffers.inputs[place.index]!;
        case "state":
          return buffers.state[place.index]!;
        case "output":
          return buffers.outputs[place.index]!;
        case "data":
          return this.own.data[place.index]!;
        case "arena":
          return view(this.own.arena, place.offset, dtype, length);
        case "window":
          // The program itself moves it; it only has to stand for something.
          return view(this.own.arena, 0, "uint8", 1);
      }
    });
    return this.library.bind([...arrays, ...this.own.working]);
  }
}

/**
 * Decides where a program runs: on the event loop's thread when it will be done soon, else beside it. Leaving that thread and coming back takes
 * a tenth of a millisecond, a turn of the event loop a tenth of that.
 */
class Place {
  /** @param perRun milliseconds that a run takes; Infinity until one has been seen. */
  constructor(private perRun = Number.POSITIVE_INFINITY) {}

  /** For so many runs, begun now; `note` is called when they are done. */
  take(count: number, busy: boolean): { readonly atOnce: boolean; readonly note: () => void } {
    const begun = performance.now();
    return {
      atOnce: !busy && this.perRun * count < AT_ONCE_MS,
      note: () => {
        this.perRun = (performance.now() - begun) / count;
      },
    };
  }
}

function nextTurn(): Promise<void> {
  return new Promise((turned) => setImmediate(turned));
}

/** `length` elements of the arena from a byte offset. */
function view(arena: TypedArray, offset: number, dtype: DType, length: number): TypedArray {
  const at = arena.byteOffset + offset;
  switch (dtype) {
    case "float32":
      return new Float32Array(arena.buffer, at, length);
    case "int32":
      return new Int32Array(arena.buffer, at, length);
    case "uint32":
      return new Uint32Array(arena.buffer, at, length);
    default:
      return new Uint8Array(arena.buffer, at, length);
  }
}

class NativeEngine implements Engine {
  readonly name = "native";

  constructor(
    private readonly compiler: Compiler,
    private readonly runtime: Runtime,
    private readonly threads: number,
    /** Stands for the code that compiles programs; undefined where nobody can tell. */
    private readonly code: Promise<string | undefined>,
  ) {}

  allocate(dtype: DType, length: number): TypedArray {
    return this.runtime.allocate(dtype, length);
  }

  async compile(program: Program, { profile = false }: CompileOptions = {}): Promise<Executable> {
    const made = profile ? await this.make(program, true) : await this.recallOrMake(program);
    const { library, recipe, data } = made;
    const { arenaBytes, liveBytes, work, kernels, functions } = recipe;
    const threads = work < SINGLE_THREAD_WORK ? 1 : this.threads;
    const native = await loadProgram(library.path, { threads });
    const bytes = (count: number) => this.runtime.allocate("uint8", Math.max(64, count));
    const profiled = made.profiled && profilerOf(made.profiled, native, this.runtime);
    const times = profiled ? [profiled.times] : [];
    const working = [bytes(recipe.scratchBytes * threads), bytes(recipe.sharedBytes), ...times];
    const own = { data, arena: bytes(arenaBytes), working };
    const { cached, compileMs } = library;
    const scratchBytes = recipe.scratchBytes * threads + recipe.sharedBytes;
    const memory = { arenaBytes, liveBytes, scratchBytes, ...boundaryBytes(program) };
    const facts = { kernels, functions, ...memory, work, threads, cached, compileMs: Math.round(compileMs) };
    return new NativeExecutable(native, recipe, own, facts, profiled?.profiler);
  }

  /** What the same code made of the same graph, in this process or an earlier one, is made of it again: then neither runs. */
  private async recallOrMake(program: Program): Promise<Made> {
    const code = await this.code;
    if (code === undefined) return this.make(program);
    const graph = identify(program);
    const key = digest("descent program 2", code, this.compiler.identity, graph.text);
    const record = await recallRecord(key);
    if (record !== undefined) {
      const { recipe, data } = readRecipe(record, graph.data);
      const library = await findLibrary(recipe.library);
      if (library) return { library, recipe, data };
    }
    const made = await this.make(program);
    const text = writeRecipe(made.recipe, made.data, graph.data);
    if (text !== undefined) await keepRecord(key, text);
    return made;
  }

  private async make(program: Program, profile = false): Promise<Made> {
    const { program: kernels, data } = compileKernels(program, updateRows, windowSums);
    const rendered = renderProgram(kernels, this.compiler.vectorBytes, {
      profile,
      processors: availableParallelism(),
      pairs: this.compiler.pairs,
    });
    const { sources, functions, scratchBytes, sharedBytes } = rendered;
    const library = await compileLibrary({ name: program.name, sources: [...sources] }, { compiler: this.compiler });
    const { buffers, arenaBytes, liveBytes, work, steps } = kernels;
    const memory = { buffers, arenaBytes, liveBytes, scratchBytes, sharedBytes };
    const recipe = { library: library.key, ...memory, work, kernels: countKernels(steps), functions };
    return { library, recipe, data, profiled: profile ? { program: kernels, rendered } : undefined };
  }

  measureRoof(bytes: number, threads: number): Promise<Roof> {
    return measureRoof(bytes, this.compiler, this.runtime, threads);
  }

  describe(): string {
    const { kind, version, vectorBytes } = this.compiler;
    const threads = this.threads === 1 ? "1 thread" : `${this.threads} threads`;
    const number = version.match(/\d+(\.\d+)+/g)?.at(-1) ?? version;
    return `${threads} on ${availableParallelism()} cores, ${vectorBytes * 8}-bit vectors, compiled by ${kind} ${number}`;
  }
}

/** The engine that renders kernels to C and compiles them with the system's compiler; or why it can't run here. */
export async function openNativeEngine(): Promise<Availability> {
  // Read while the compiler is asked for its version.
  const code = fingerprint();
  const found = await findCompiler();
  if (!found.compiler) return { reason: found.reason };
  const runtime = await loadRuntime();
  return { engine: new NativeEngine(found.compiler, runtime, await defaultThreads(), code) };
}
