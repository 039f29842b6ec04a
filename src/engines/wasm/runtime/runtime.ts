import { defaultThreads, Lane } from "../../../engine/index.ts";
import { DTYPES, type DType, type TypedArray } from "../../../ir/index.ts";
import type { CompiledKernels } from "../../../passes/index.ts";
import type { RenderedModule } from "../render/program.ts";
import { type DirectHost, loadDirect } from "./direct.ts";
import { type CodeFeatures, codeFeatures, type WasmFeatures } from "./features.ts";
import { LocalMachine, RemoteMachine } from "./machine.ts";
import { ArrayMemory } from "./memory.ts";
import { Pool } from "./pool.ts";
import { findWorkers } from "./spawn.ts";
import { loadStaged, type StagedHost } from "./staged.ts";
import type { Code, LoadedProgram } from "./turns.ts";

export interface RuntimeOptions {
  /** Default: DESCENT_THREADS, else all cores. Results must not depend on it. */
  readonly threads?: number;
  /**
   * How programs are run, at best: "pool": on threads that share the memory; "remote": in one worker that shares nothing; "inline":
   * on the calling thread. The default is the best that the host allows; the others are for tests.
   */
  readonly mode?: "pool" | "remote" | "inline";
  /** False: as if the host had no shared memory; for tests. */
  readonly sharedMemory?: false;
}

/** What compiled programs run on. */
export interface WasmRuntime {
  /** What the host offers, as far as it is used. */
  readonly features: WasmFeatures;
  readonly threads: number;
  /** One line for people: what programs run on, or what is missing and makes them slower. */
  describe(): string;
  /**
   * Zeroed memory that programs can work on. Its memory may be used anew when the array itself is collected: who keeps a view of it
   * must keep the array too.
   */
  allocate(dtype: DType, length: number): TypedArray;
  load(rendered: RenderedModule, kernels: CompiledKernels): Promise<LoadedProgram>;
  /** Ends the workers; a run that is under way rejects. */
  close(): void;
}

/** Finds out what the host offers and opens the best runtime for it; or tells why WebAssembly can't run here. */
export async function openWasmRuntime(
  options: RuntimeOptions = {},
): Promise<{ readonly runtime: WasmRuntime } | { readonly reason: string }> {
  const found = await codeFeatures();
  if ("reason" in found) return found;
  const code = { ...found, sharedMemory: found.sharedMemory && options.sharedMemory !== false };
  const threads = options.threads ?? (await defaultThreads());
  const { mode = "pool" } = options;
  const workers = mode === "inline" ? { reason: "no workers are wanted" } : await findWorkers();
  const missing: string[] = [];
  const lane = new Lane();
  if ("reason" in workers) {
    missing.push(`no threads: ${workers.reason}`);
    if (code.sharedMemory) {
      return { runtime: new DirectRuntime(code, missing, { memory: new ArrayMemory(), lane, pool: undefined }) };
    }
    return { runtime: new StagedRuntime(code, missing, { lane, local: new LocalMachine(), remote: undefined }) };
  }
  const { spawn, shared } = workers;
  if (code.sharedMemory && shared && mode === "pool") {
    const memory = new ArrayMemory();
    return { runtime: new DirectRuntime(code, missing, { memory, lane, pool: new Pool(spawn, memory, threads) }) };
  }
  missing.push(`one thread: ${whyAlone(code, mode)}`);
  return {
    runtime: new StagedRuntime(code, missing, { lane, local: new LocalMachine(), remote: new RemoteMachine(spawn) }),
  };
}

function whyAlone({ sharedMemory }: CodeFeatures, mode: string): string {
  if (mode === "remote") return "no more are wanted";
  if (!sharedMemory) return "this host has no shared memory";
  if (globalThis.crossOriginIsolated) return "workers from blob: are refused, and others can't share memory";
  return "the page is not isolated from other origins (headers COOP and COEP)";
}

abstract class Runtime implements WasmRuntime {
  abstract readonly threads: number;
  readonly features: WasmFeatures;

  constructor(
    private readonly code: CodeFeatures,
    private readonly missing: readonly string[],
    features: { readonly sharedMemory: boolean; readonly workers: boolean },
  ) {
    this.features = { simd: code.simd, fusedMultiplyAdd: code.fusedMultiplyAdd, ...features };
  }

  describe(): string {
    const threads = this.threads === 1 ? "1 thread" : `${this.threads} threads`;
    const { fusedMultiplyAdd } = this.features;
    const vectors = `128-bit vectors${fusedMultiplyAdd ? " with fused multiply-add" : ""}`;
    return [threads, vectors, ...(fusedMultiplyAdd ? [] : ["without fused multiply-add"]), ...this.missing].join(", ");
  }

  async load(rendered: RenderedModule, kernels: CompiledKernels): Promise<LoadedProgram> {
    return this.place({ rendered, kernels, module: await this.code.compile(rendered.bytes) });
  }

  abstract allocate(dtype: DType, length: number): TypedArray;
  abstract close(): void;
  protected abstract place(code: Code): Promise<LoadedProgram>;
}

/** Programs run where their arrays lie: on a pool, or on the calling thread. */
class DirectRuntime extends Runtime {
  readonly threads: number;

  constructor(
    code: CodeFeatures,
    missing: readonly string[],
    private readonly host: DirectHost,
  ) {
    super(code, missing, { sharedMemory: true, workers: host.pool !== undefined });
    this.threads = host.pool?.threads ?? 1;
  }

  allocate(dtype: DType, length: number): TypedArray {
    return this.host.memory.allocate(dtype, length);
  }

  close(): void {
    this.host.pool?.close();
  }

  protected place(code: Code): Promise<LoadedProgram> {
    return loadDirect(code, this.host);
  }
}

/** Programs run in memory that arrays are copied to and from. */
class StagedRuntime extends Runtime {
  readonly threads = 1;

  constructor(
    code: CodeFeatures,
    missing: readonly string[],
    private readonly host: StagedHost,
  ) {
    super(code, missing, { sharedMemory: false, workers: host.remote !== undefined });
  }

  allocate(dtype: DType, length: number): TypedArray {
    return DTYPES[dtype].create(length);
  }

  close(): void {
    this.host.remote?.close();
  }

  protected place(code: Code): Promise<LoadedProgram> {
    return loadStaged(code, this.host);
  }
}
