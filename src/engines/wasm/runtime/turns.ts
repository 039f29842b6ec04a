import type { Buffers, Lane, Runner } from "../../../engine/index.ts";
import type { CompiledKernels } from "../../../passes/index.ts";
import type { RenderedModule } from "../render/program.ts";

/** Elementary operations below which a run is over before another thread would have woken up. */
export const SINGLE_THREAD_WORK = 150_000;
/** Elementary operations below which a run is done on the calling thread: some hundred microseconds. */
const AT_ONCE_WORK = 1_000_000;

/** What is to be loaded: the kernels, and the module rendered from them. */
export interface Code {
  readonly rendered: RenderedModule;
  readonly kernels: CompiledKernels;
  readonly module: WebAssembly.Module;
}

/** A compiled program, ready to be tied to memory. */
export interface LoadedProgram {
  bind(buffers: Buffers): Runner;
  /** Threads that it runs on. */
  readonly threads: number;
}

/** What a generated module exports. */
export type RunFunction = (table: number, worker: number, workers: number, sync: number) => void;

/** The function that a module's instance exports. */
export function runFunction({ exports }: WebAssembly.Instance): RunFunction {
  return exports["run"] as RunFunction;
}

/** Whether a run is so short that the calling thread does it at once. */
export function isSmall({ kernels }: Code): boolean {
  return kernels.program.work < AT_ONCE_WORK;
}

/** The clock that profiled programs import. */
export function now(): number {
  return performance.now();
}

let codes = 0;

/** A number for a program's code that no other has. */
export function codeNumber(): number {
  return ++codes;
}

/** A program tied to memory. */
export interface Bound {
  /** Runs on the calling thread; only for small programs. */
  now(): void;
  /** Runs beside the event loop, or in a later turn of it. */
  later(): Promise<void>;
}

/**
 * Small programs run at once if nothing else is under way: the event loop would have to wait, or arrays would change under another run.
 * Others run in their turn.
 */
export function runner(bound: Bound, lane: Lane, small: boolean): Runner {
  const inTurn = () =>
    new Promise<void>((resolve, reject) => {
      lane.enter((done) => {
        bound.later().then(
          () => {
            done();
            resolve();
          },
          (error) => {
            done();
            reject(error);
          },
        );
      });
    });
  if (!small) return inTurn;
  return () => {
    if (lane.busy) return inTurn();
    bound.now();
    return undefined;
  };
}

/** Gives the event loop a turn, so that a page can draw and a server can answer. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // A browser lets timers wait for milliseconds, messages not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
