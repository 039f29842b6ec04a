import { relaxedSimd } from "../../src/engines/wasm/runtime/relaxed-simd.ts";
import { fmaModule, LOOPS } from "./vector-module.ts";

/** float32 operations per second that vectors of 128 bits allow, in 1e9: out of registers, by multiply-adds that do not wait for each other. */
export interface VectorPeak {
  /** With relaxed SIMD's fused multiply-add; undefined where the host has none. */
  readonly fused: number | undefined;
  /** With a multiplication and an addition. */
  readonly separate: number;
}

export interface VectorPeaks {
  readonly one: VectorPeak;
  readonly all: VectorPeak;
}

const ROUNDS = 25;

/** Runs in a worker: operations per second of the best round. */
const SOURCE = `
self.onmessage = ({ data: { module, loops, flop, rounds } }) => {
  const { f } = new WebAssembly.Instance(module).exports;
  f(loops, 1);
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    f(loops, 1 + round);
    best = Math.max(best, flop / (performance.now() - begun) * 1000);
  }
  postMessage(best);
};`;

async function rate(module: WebAssembly.Module, flop: number, threads: number): Promise<number> {
  const url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
  const workers = Array.from({ length: threads }, () => new Worker(url));
  try {
    const rates = workers.map(
      (worker) =>
        new Promise<number>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = (event) => reject(new Error(event.message));
          worker.postMessage({ module, loops: LOOPS, flop, rounds: ROUNDS });
        }),
    );
    return (await Promise.all(rates)).reduce((sum, each) => sum + each, 0) / 1e9;
  } finally {
    for (const worker of workers) worker.terminate();
    URL.revokeObjectURL(url);
  }
}

/** Measures with one thread and with `threads`; takes about a second. Needs Web Workers (see provideWorkers). */
export async function measureVectorPeak(threads: number): Promise<VectorPeaks> {
  const separate = fmaModule(false);
  const plain = await WebAssembly.compile(separate.bytes);
  const compile = await relaxedSimd();
  const fused = fmaModule(true);
  const relaxed = compile && (await compile(fused.bytes));
  const peak = async (count: number): Promise<VectorPeak> => ({
    separate: await rate(plain, separate.flop, count),
    fused: relaxed && (await rate(relaxed, fused.flop, count)),
  });
  return { one: await peak(1), all: await peak(threads) };
}

/** The most that either form reaches. */
export function mostOf({ fused, separate }: VectorPeak): number {
  return Math.max(fused ?? 0, separate);
}

/** The better of two measurements: what disturbs a machine only ever makes it slower. */
export function betterOf(first: VectorPeaks, second: VectorPeaks): VectorPeaks {
  const better = (a: VectorPeak, b: VectorPeak): VectorPeak => ({
    separate: Math.max(a.separate, b.separate),
    fused: a.fused === undefined || b.fused === undefined ? undefined : Math.max(a.fused, b.fused),
  });
  return { one: better(first.one, second.one), all: better(first.all, second.all) };
}
