/** A kernel of a program compiled for profiling. */
export interface KernelInfo {
  /** What it computes: "matmul 128x512x784 + add + relu". */
  readonly title: string;
  /** Scopes of the values that it computes, that of its main one first. */
  readonly scopes: readonly string[];
  /** Floating point operations of one run; a multiply-add counts as two. */
  readonly operations: number;
  /** Bytes that one run must read and write at least: every element once. */
  readonly bytes: number;
}

/** An intermediate value's place in the arena; kernels `first` to `last` (both included) need it. */
export interface MemoryBlock {
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** A time that a thread spent in a kernel, in milliseconds of `performance.now()`. */
export interface KernelTime {
  /** Number of the kernel in {@link Profiler.kernels}. */
  readonly kernel: number;
  readonly thread: number;
  readonly begin: number;
  readonly end: number;
}

/** What a program that was compiled for profiling tells of itself. */
export interface Profiler {
  /** In order of execution. */
  readonly kernels: readonly KernelInfo[];
  readonly threads: number;
  /** The program's own memory: the arena of its intermediates, and what its kernels work in beside it. */
  readonly memory: {
    readonly arenaBytes: number;
    readonly blocks: readonly MemoryBlock[];
    readonly scratchBytes: number;
  };
  /** What the last run did. Kernels that are done in several phases have a time for each. */
  times(): KernelTime[];
}

/** What a machine can do at best, measured on the threads that a program runs on. */
export interface Roof {
  /** Floating point operations a second, out of registers. */
  readonly operations: number;
  /** Bytes a second that are read and written. */
  readonly bytes: number;
  /** Size of the memory over which the bytes were measured. */
  readonly over: number;
}

/** A place for a kernel's times. */
export interface TimeSlot {
  readonly kernel: number;
  /** In a loop: the slot holds the first begin, and the time of all turns together. */
  readonly repeated: boolean;
}

/** Bytes between the times of different threads: no two write to one cache line. */
const LINE = 128;

/**
 * Where a program's threads note their times: for each thread a row of doubles, a begin and an end (in milliseconds) per slot. A slot
 * is a kernel's phase; one that a thread did not run holds zeros. The kernels of a loop, which take turns, are told one after the other.
 */
export class TimeTable {
  /** Bytes of a thread's row. */
  readonly rowBytes: number;

  constructor(
    private readonly slots: readonly TimeSlot[],
    readonly threads: number,
  ) {
    this.rowBytes = Math.ceil((16 * slots.length) / LINE) * LINE;
  }

  get bytes(): number {
    return this.rowBytes * this.threads;
  }

  /** The times in a table's memory; `shift` is added to make them times of `performance.now()`. */
  read(memory: Uint8Array, shift: number): KernelTime[] {
    const found: KernelTime[] = [];
    for (let thread = 0; thread < this.threads; thread++) {
      const at = memory.byteOffset + thread * this.rowBytes;
      const row = new Float64Array(memory.buffer, at, 2 * this.slots.length);
      let free = 0;
      this.slots.forEach(({ kernel, repeated }, i) => {
        if (!(row[2 * i + 1]! > 0)) return;
        const begin = repeated ? Math.max(free, row[2 * i]!) : row[2 * i]!;
        const end = repeated ? begin + row[2 * i + 1]! : row[2 * i + 1]!;
        free = end;
        found.push({ kernel, thread, begin: begin + shift, end: end + shift });
      });
    }
    return found;
  }
}
