import type { Buffers, Lane, Runner } from "../../../engine/index.ts";
import type { TypedArray } from "../../../ir/index.ts";
import type { KernelBuffer } from "../../../passes/index.ts";
import { fail } from "../../../util/index.ts";
import type { ArrayMemory } from "./memory.ts";
import type { Pool, PoolCode, PoolJob } from "./pool.ts";
import {
  type Bound,
  type Code,
  codeNumber,
  isSmall,
  type LoadedProgram,
  nextTurn,
  now,
  type RunFunction,
  runFunction,
  runner,
  SINGLE_THREAD_WORK,
} from "./turns.ts";

/** Where programs run over the memory that arrays are allocated in. */
export interface DirectHost {
  readonly memory: ArrayMemory;
  readonly lane: Lane;
  /** Undefined: everything is done on the calling thread. */
  readonly pool: Pool | undefined;
}

/** Loads a program that runs where its arrays lie. */
export async function loadDirect(code: Code, host: DirectHost): Promise<LoadedProgram> {
  const { memory, pool } = host;
  const here = isSmall(code) || !pool;
  // Workers start while the rest is made ready.
  if (!here) pool.start();
  const env = { memory: memory.memory, now };
  return new DirectProgram(
    code,
    host,
    here ? runFunction(await WebAssembly.instantiate(code.module, { env })) : undefined,
  );
}

const dropped = new FinalizationRegistry<{ readonly pool: Pool; readonly id: number }>(({ pool, id }) => pool.drop(id));

class DirectProgram implements LoadedProgram {
  readonly threads: number;
  readonly workers: number;
  readonly poolCode: PoolCode;
  private readonly small: boolean;
  private readonly buffers: readonly KernelBuffer[];
  private readonly arena: TypedArray;
  private readonly data: readonly TypedArray[];
  /** Scratch memory of all workers, and memory they share. */
  private readonly working: readonly TypedArray[];

  constructor(
    code: Code,
    readonly host: DirectHost,
    /** For runs on the calling thread. */
    readonly run: RunFunction | undefined,
  ) {
    const { rendered, kernels, module } = code;
    const { memory, pool } = host;
    const { program, data } = kernels;
    this.small = isSmall(code);
    this.workers = program.work < SINGLE_THREAD_WORK ? 1 : (pool?.threads ?? 1);
    this.threads = this.small ? 1 : this.workers;
    this.poolCode = { id: codeNumber(), module };
    this.buffers = program.buffers;
    // Nothing of it is read before it is written: a program's second run finds there what the first one left.
    const bytes = (count: number) => memory.allocateUnset("uint8", Math.max(64, count));
    this.arena = bytes(program.arenaBytes);
    this.working = [bytes(rendered.scratchBytes * this.workers), bytes(rendered.sharedBytes)];
    this.data = data.map((values) => {
      const array = bytes(values.byteLength);
      array.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      return array;
    });
    if (pool) dropped.register(this, { pool, id: this.poolCode.id });
  }

  bind(given: Buffers): Runner {
    const addresses = this.buffers.map((buffer) => this.address(buffer, given));
    const table = this.host.memory.allocate("uint32", addresses.length + this.working.length);
    table.set([...addresses, ...this.working.map(({ byteOffset }) => byteOffset)]);
    return runner(new DirectBinding(this, given, table), this.host.lane, this.small);
  }

  private address({ place }: KernelBuffer, given: Buffers): number {
    switch (place.kind) {
      case "arena":
        return this.arena.byteOffset + place.offset;
      case "data":
        return this.data[place.index]!.byteOffset;
      case "window":
        return 0; // The module finds it.
      default: {
        const array = { input: given.inputs, state: given.state, output: given.outputs }[place.kind][place.index]!;
        if (!this.host.memory.holds(array)) {
          fail(`${place.kind} ${place.index} of a program lies in other memory`, "an array of its engine's allocate");
        }
        return array.byteOffset;
      }
    }
  }
}

/** Its fields keep alive what the garbage collector would otherwise take the memory of. */
class DirectBinding implements Bound, PoolJob {
  private readonly address: number;
  private readonly run: RunFunction | undefined;

  constructor(
    private readonly program: DirectProgram,
    readonly given: Buffers,
    readonly table: TypedArray,
  ) {
    this.address = table.byteOffset;
    this.run = program.run;
  }

  get code(): PoolCode {
    return this.program.poolCode;
  }

  get workers(): number {
    return this.program.workers;
  }

  now(): void {
    this.run!(this.address, 0, 1, 0);
  }

  later(): Promise<void> {
    const { pool } = this.program.host;
    return pool ? pool.run(this) : nextTurn().then(() => this.now());
  }
}
