// What a run of a WebAssembly program costs beyond its work: `npx tsx bench/wasm-runtime.ts [threads]`.
import { openWasmRuntime, type RuntimeOptions } from "../src/engines/wasm/runtime/index.ts";
import { COUNT, kernels, LARGE, SMALL, type Source, STEPS } from "../test/wasm/programs.ts";

const threads = Number(process.argv[2] ?? 2);

async function open(options: RuntimeOptions) {
  const opened = await openWasmRuntime(options);
  if ("reason" in opened) throw new Error(opened.reason);
  const { runtime } = opened;
  const int32 = (length: number) => runtime.allocate("int32", length) as Int32Array;
  const bind = async (source: Source, state: Int32Array[], work: number) => {
    const rendered = source(runtime.features.sharedMemory);
    const program = await runtime.load(
      rendered,
      kernels(
        state.map(() => "state"),
        work,
      ),
    );
    return program.bind({ inputs: [], state, outputs: [] });
  };
  return { runtime, int32, bind };
}

/** Microseconds: the 10th, 50th and 90th percentile. */
function percentiles(times: number[]): string {
  times.sort((a, b) => a - b);
  return [0.1, 0.5, 0.9].map((part) => (times[Math.floor(part * times.length)]! * 1000).toFixed(1)).join(" / ");
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function runs(title: string, options: RuntimeOptions): Promise<void> {
  const { runtime, int32, bind } = await open(options);
  const state = [int32(16 * runtime.threads), int32(1)];
  const small = await bind(COUNT, state, SMALL);
  for (let i = 0; i < 20_000; i++) small();
  let start = performance.now();
  for (let i = 0; i < 1e6; i++) small();
  console.log(`${title}, at once: ${(performance.now() - start).toFixed(0)} ns`);
  const large = await bind(COUNT, state, LARGE);
  start = performance.now();
  await large();
  console.log(`${title}, first run, with the start of workers: ${(performance.now() - start).toFixed(1)} ms`);
  for (let i = 0; i < 2000; i++) await large();
  for (const gap of [undefined, 2]) {
    const times: number[] = [];
    for (let i = 0; i < (gap ? 500 : 10_000); i++) {
      if (gap) await pause(gap);
      start = performance.now();
      await large();
      times.push(performance.now() - start);
    }
    console.log(
      `${title}, there and back ${gap ? "after a pause" : "again and again"}: ${percentiles(times)} us (10, 50, 90 %)`,
    );
  }
  runtime.close();
}

async function barriers(count: number): Promise<void> {
  const { runtime, int32, bind } = await open({ threads: count });
  const steps = int32(1).fill(20_000);
  const run = await bind(STEPS, [int32(32 * count), steps, int32(16 * count)], LARGE);
  await run();
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    await run();
    times.push((performance.now() - start) / 20_000);
  }
  console.log(`barrier of ${count} threads: ${percentiles(times)} us (10, 50, 90 %)`);
  runtime.close();
}

await runs("1 thread", { threads: 1 });
await runs(`${threads} threads`, { threads });
await runs("remote", { mode: "remote" });
await runs("inline", { mode: "inline" });
await barriers(threads);
