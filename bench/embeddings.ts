// `npm run bench:embeddings`: steps of a table of many rows, few of which a batch names, beside PyTorch's with dense and with sparse gradients.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { layers, type Model, optimizers, sequential } from "descent";
import { formatTable, formatTimes, summarize } from "./format.ts";

const [ROWS, WIDTH, BATCH, LENGTH] = [50_000, 128, 64, 20];
const [THREADS, BLOCKS, STEPS] = [2, 4, 20];
process.env["DESCENT_THREADS"] = String(THREADS);

const adam = optimizers.adam();
/** Adam of elements that have a gradient: the rule of `SparseAdam`, but for gradients that are exactly 0. */
const lazyAdam = optimizers.custom<string>(
  (input) => {
    const next = adam.update(input);
    const named = input.gradient.notEqual(0);
    const slots = Object.entries(input.slots).map(([name, old]) => [name, named.where(next.slots[name] ?? old, old)]);
    return { parameter: named.where(next.parameter, input.parameter), slots: Object.fromEntries(slots) };
  },
  { learningRate: 0.001, slots: adam.slots, elementwise: true },
);

/** What is compared: Descent's optimizer and PyTorch's rules. */
const CASES = [
  ["SGD", optimizers.sgd(), "sgd-dense", "sgd-sparse"],
  ["Adagrad", optimizers.adagrad(), "adagrad-dense", "adagrad-sparse"],
  ["Adam", adam, "adam-dense", undefined],
  ["Adam of rows named", lazyAdam, undefined, "adam-sparse"],
] as const;

const count = BATCH * STEPS;
const numbers = Int32Array.from({ length: count * LENGTH }, () => Math.floor(Math.random() * ROWS));
const x = { data: numbers, shape: [count, LENGTH] };
const y = Array.from({ length: count }, () => [Math.random()]);

/** Milliseconds of each step but the first. */
async function block(model: Model): Promise<number[]> {
  const ends: number[] = [];
  const clock = { onStepEnd: () => void ends.push(performance.now()) };
  await model.fit(x, y, { batchSize: BATCH, epochs: 1, verbose: 0, callbacks: [clock] });
  return ends.slice(1).map((end, i) => end - (ends[i] ?? end));
}

const script = fileURLToPath(new URL("peers/torch_embedding.py", import.meta.url));
const sizes = [ROWS, WIDTH, BATCH, LENGTH, THREADS].map(String);
const peer = spawn(process.env["PYTHON"] ?? "python3", ["-W", "ignore", script, ...sizes], {
  stdio: ["pipe", "pipe", "inherit"],
});
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
async function torch(rule: string | undefined): Promise<number[]> {
  if (!rule) return [];
  peer.stdin.write(`${rule} ${STEPS}\n`);
  return JSON.parse((await answers.next()).value).slice(1);
}

console.log(
  `${ROWS} rows of ${WIDTH}, ${BATCH} samples of ${LENGTH}, ${THREADS} threads; milliseconds per step, median (least-most)\n`,
);
const results: string[][] = [["", "Descent", "PyTorch", "PyTorch, sparse"]];
for (const [name, optimizer, dense, sparse] of CASES) {
  const table = layers.embedding(ROWS, WIDTH, { inputShape: [LENGTH] });
  const model = sequential([table, layers.globalAveragePooling1d(), layers.dense(1)]);
  model.compile({ optimizer, loss: "meanSquaredError", engine: "native" });
  const times: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i <= BLOCKS; i++) {
    const found = [await block(model), await torch(dense), await torch(sparse)];
    if (i > 0) found.forEach((each, k) => times[k]?.push(...each)); // the first warms up
  }
  results.push([name, ...times.map((each) => (each.length > 0 ? formatTimes(summarize(each)) : "-"))]);
}
peer.stdin.end();
console.log(formatTable(results));
