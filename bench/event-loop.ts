// `npm run bench:event-loop`: for how long a training keeps timers, servers and Ctrl-C waiting, beside the same process idle.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { layers, type Model, randomKey, sequential } from "descent";
import { digits, formatTable, formatTimes, sleep, summarize } from "./format.ts";

const TARGET_MS = 50;
const REPEATS = 7;

interface Case {
  name: string;
  widths: readonly [number, ...number[]];
  batchSize: number;
  rows: number;
  epochs: number;
}

const CASES: readonly Case[] = [
  { name: "tiny, steps of microseconds", widths: [2, 10, 5, 1], batchSize: 1, rows: 1000, epochs: 100 },
  { name: "tiny, epochs of three steps", widths: [2, 10, 5, 1], batchSize: 1, rows: 3, epochs: 10_000 },
  { name: "medium", widths: [784, 512, 256, 10], batchSize: 128, rows: 12_800, epochs: 2 },
  { name: "large", widths: [1024, 2048, 2048, 1000], batchSize: 256, rows: 2048, epochs: 2 },
];

function network([inputs, ...units]: Case["widths"]): Model {
  const dense = units.map((width, i) =>
    layers.dense(width, { activation: "tanh", ...(i === 0 && { inputShape: [inputs] }) }),
  );
  return sequential(dense).compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
}

/** The longest that the event loop was late while `work` ran, and how long that took; in milliseconds. */
async function worstDelay(work: () => Promise<unknown>): Promise<{ delay: number; took: number }> {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  const begun = performance.now();
  monitor.enable();
  await work();
  await sleep(2); // what was late at the very end is counted
  monitor.disable();
  return { delay: monitor.max / 1e6, took: performance.now() - begun };
}

async function measure({ name, widths, batchSize, rows, epochs }: Case): Promise<string[]> {
  const model = network(widths);
  const key = randomKey(0);
  const [x, y] = [key.fold(1).uniform([rows, widths[0]]), key.fold(2).uniform([rows, widths.at(-1) ?? 1])];
  await Promise.all([x.data(), y.data()]);
  const first = await worstDelay(() => model.fit(x, y, { batchSize, epochs: 1, verbose: 0 }));
  const [training, idle]: [number[], number[]] = [[], []];
  for (let i = 0; i < REPEATS; i++) {
    const { delay, took } = await worstDelay(() => model.fit(x, y, { batchSize, epochs, verbose: 0 }));
    training.push(delay);
    idle.push((await worstDelay(() => sleep(took))).delay);
  }
  const busy = summarize(training);
  const verdict = busy.median < TARGET_MS ? "met" : "MISSED";
  return [name, digits(first.delay), formatTimes(busy), formatTimes(summarize(idle)), verdict];
}

console.log(`Worst delay of the event loop in milliseconds; median (least-most) of ${REPEATS} trainings`);
console.log("The first call of fit traces and compiles as well.\n");
const header = ["network", "first fit", "training", "idle, as long", `below ${TARGET_MS} ms`];
const results: string[][] = [];
for (const each of CASES) results.push(await measure(each));
console.log(formatTable([header, ...results]));
