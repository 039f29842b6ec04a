import type { TypedArray } from "../../../ir/index.ts";
import { DescentError, invariant } from "../../../util/index.ts";
import type { ArrayMemory } from "./memory.ts";
import type { Spawn, WorkerLink, WorkerMessage } from "./worker-link.ts";

/** Words of a cache line: what different threads write lies in different ones. */
const LINE = 16;
/** Looks at the signal before a worker sleeps: some ten microseconds, about what it takes to be woken. */
const SPINS = 1000;
/** Places of the words of a job (see worker-source.ts), in the first line of the pool's memory. */
const JOB = { program: 0, table: 1, workers: 2, barrier: 3, running: 4, run: 5 } as const;
/** Lines of the job, of barriers and of the first worker's signal. */
const [BARRIER_LINE, SIGNAL_LINE] = [1, 2];

/** Compiled code that workers can run. */
export interface PoolCode {
  /** Its number: any that no other code has. */
  readonly id: number;
  readonly module: WebAssembly.Module;
}

/** What a pool runs. */
export interface PoolJob {
  readonly code: PoolCode;
  /** Addresses of the buffers. */
  readonly table: TypedArray;
  /** So many of the pool's workers take part, the first ones. */
  readonly workers: number;
}

/** A worker, and the code that it has. */
interface Member {
  readonly link: WorkerLink;
  readonly codes: Set<number>;
  /** Code of it that nobody will ask for any more. */
  dropped: number[];
}

/** Workers that live together: when one is lost, the others may wait for it in vain. */
interface Team {
  readonly members: Member[];
  /** The pool's words of the shared memory; the address is that of the array. */
  readonly words: Int32Array;
}

/** Workers over one shared memory. One run at a time; the thread that owns the pool never waits. */
export class Pool {
  private team: Team | undefined;
  private runs = 0;
  /** It keeps the job, and so the arrays that workers are writing to, from the garbage collector. */
  private current:
    | { readonly job: PoolJob; readonly resolve: () => void; readonly reject: (error: Error) => void }
    | undefined;

  constructor(
    private readonly spawn: Spawn,
    private readonly memory: ArrayMemory,
    readonly threads: number,
  ) {}

  /** Starts the workers, if they don't live yet, without waiting for them. */
  start(): Team {
    if (this.team) return this.team;
    const words = this.memory.allocate("int32", LINE * (SIGNAL_LINE + this.threads)) as Int32Array;
    const team: Team = { members: [], words };
    this.team = team;
    for (let index = 0; index < this.threads; index++) {
      const link = this.spawn({
        message: (data) => this.hear(team, data),
        lost: (why) => this.lose(team, why),
      });
      team.members.push({ link, codes: new Set(), dropped: [] });
      const word = words.byteOffset / Int32Array.BYTES_PER_ELEMENT;
      const places = { job: word, signal: word + LINE * (SIGNAL_LINE + index), index, spins: SPINS };
      link.post({ kind: "join", memory: this.memory.memory, origin: performance.timeOrigin, ...places });
    }
    return team;
  }

  /** Runs a job; rejects when a worker is lost. */
  run(job: PoolJob): Promise<void> {
    invariant(!this.current, "a pool serves one run at a time");
    return new Promise((resolve, reject) => {
      this.current = { job, resolve, reject };
      try {
        this.begin(job);
      } catch (error) {
        if (this.team) this.lose(this.team, (error as Error).message);
        else this.end()?.reject(error as Error);
      }
    });
  }

  /** Lets the workers forget code at the next occasion. */
  drop(id: number): void {
    for (const { codes, dropped } of this.team?.members ?? []) if (codes.delete(id)) dropped.push(id);
  }

  /** Ends the workers; a run that is under way is lost. The next run starts new ones. */
  close(): void {
    if (this.team) this.lose(this.team, "the pool was closed");
  }

  private begin({ code: { id, module }, table, workers }: PoolJob): void {
    const { members, words } = this.start();
    members[0]?.link.keepAlive(true);
    for (const member of members.slice(0, workers)) {
      if (member.codes.has(id)) continue;
      member.link.post({ kind: "code", id, module, dropped: member.dropped });
      member.codes.add(id);
      member.dropped = [];
    }
    words.fill(0, LINE * BARRIER_LINE, LINE * (BARRIER_LINE + 1));
    words[JOB.program] = id;
    words[JOB.table] = table.byteOffset;
    words[JOB.workers] = workers;
    words[JOB.barrier] = words.byteOffset + LINE * BARRIER_LINE * Int32Array.BYTES_PER_ELEMENT;
    words[JOB.running] = workers;
    words[JOB.run] = ++this.runs | 0;
    for (let index = 0; index < workers; index++) {
      const signal = LINE * (SIGNAL_LINE + index);
      Atomics.add(words, signal, 1);
      Atomics.notify(words, signal, 1);
    }
  }

  private hear(team: Team, data: WorkerMessage): void {
    if (data.kind === "failed") this.lose(team, data.message);
    else if (data.kind === "done" && data.run === (this.runs | 0)) this.end()?.resolve();
  }

  private end() {
    const { current } = this;
    this.current = undefined;
    this.team?.members[0]?.link.keepAlive(false);
    return current;
  }

  private lose(team: Team, why: string): void {
    if (this.team !== team) return;
    const current = this.end();
    this.team = undefined;
    for (const { link } of team.members) link.terminate();
    current?.reject(lost(why, HALF_DONE));
  }
}

/** What a lost run leaves where workers write to the caller's arrays. */
const HALF_DONE = "What the program was computing, state included, is half done. Fix: begin again from a checkpoint.";

/** The error of a run whose worker was lost. */
export function lost(why: string, consequence: string): DescentError {
  return new DescentError(`A WebAssembly worker was lost (${why}) while it ran a program. ${consequence}`);
}
