// `npm run bench:runtime`: what calling a compiled program costs, by a program that does nothing but count its calls.
import { loadProgram, loadRuntime } from "../src/engines/native/runtime/index.ts";
import { compileLibrary, findCompiler } from "../src/engines/native/toolchain/index.ts";
import { formatTable, formatTimes, summarize } from "./format.ts";

const ROUNDS = 15;
const COUNT = `
void descent_program(void **buffers, int worker, int workers, void *pool, void (*barrier)(void *, int)) {
  ((int *)buffers[0])[worker * 16]++;
}`;

const { compiler, reason } = await findCompiler();
if (!compiler) {
  console.error(reason);
  process.exit(1);
}
const runtime = await loadRuntime();
const { path } = await compileLibrary({ name: "count", sources: [COUNT] }, { compiler });

/** Microseconds per call, once for every round. */
async function rounds(calls: number, call: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const begun = performance.now();
    for (let i = 0; i < calls; i++) {
      const working = call();
      if (working) await working;
    }
    times.push(((performance.now() - begun) / calls) * 1000);
  }
  return times.slice(1); // the first round warms up
}

const rows = [["threads", "runSync, us", "runAsync, us"]];
for (const threads of [1, 2, 4]) {
  const program = await loadProgram(path, { threads });
  const bound = program.bind([runtime.allocate("int32", 16 * threads)]);
  const sync = summarize(await rounds(50_000 / threads, () => bound.runSync()));
  const async = summarize(await rounds(2000, () => bound.runAsync()));
  rows.push([String(threads), formatTimes(sync), formatTimes(async)]);
}
console.log(`One call of an empty program; median (least-most) of ${ROUNDS} rounds\n`);
console.log(formatTable(rows));
