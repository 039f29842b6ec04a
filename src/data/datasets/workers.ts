import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type DescentError, fail } from "../../util/index.ts";
import type { Batch } from "./batch.ts";

/** A function in a module, which threads can load: functions themselves cannot go to another thread. */
export interface ModuleFunction {
  /** The module's URL: `new URL("./augment.js", import.meta.url)`. */
  readonly module: URL | string;
  /** Its export; default "default". */
  readonly name?: string | undefined;
}

/**
 * What a thread does: loads the function and answers batches. Its random numbers are those of `HostRandom` (src/util/philox.ts), written once
 * more, since a thread that is made from text can load nothing of this package.
 */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const mulHigh = (a, b) => Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n);
function philox(k0, k1, counter) {
  let [x0, x1, x2, x3] = counter;
  for (let round = 0; round < 10; round++) {
    const [h0, l0] = [mulHigh(0xd2511f53, x0), Math.imul(0xd2511f53, x0) >>> 0];
    const [h1, l1] = [mulHigh(0xcd9e8d57, x2), Math.imul(0xcd9e8d57, x2) >>> 0];
    [x0, x1, x2, x3] = [(h1 ^ x1 ^ k0) >>> 0, l1, (h0 ^ x3 ^ k1) >>> 0, l0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [x0, x1, x2, x3];
}
class Random {
  constructor(seed, stream) {
    Object.assign(this, { seed, stream, block: 0, words: [], high: Math.floor(seed / 4294967296) });
  }
  uint32() {
    if (this.words.length === 0)
      this.words = philox(this.seed >>> 0, this.high >>> 0, [this.block++, 0, this.stream, 0x5eed]);
    return this.words.shift();
  }
  uniform() { return this.uint32() / 4294967296; }
  normal() {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
  integer(n) {
    const limit = Math.floor(4294967296 / n) * n;
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % n;
  }
  shuffle(items) {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}
const loaded = import(workerData.module).then((module) => {
  const change = module[workerData.name];
  if (typeof change !== "function") throw new Error("it exports no function " + workerData.name);
  return change;
});
loaded.catch(() => undefined);
parentPort.on("message", async ({ id, batch, index, pass, seed, stream }) => {
  try {
    const change = await loaded;
    parentPort.postMessage({ id, batch: await change(batch, { index, pass, random: new Random(seed, stream) }) });
  } catch (error) {
    parentPort.postMessage({ id, error: String((error && error.message) || error) });
  }
});
`;

/** What a thread is asked. */
export interface WorkerTask {
  readonly batch: Batch;
  readonly index: number;
  readonly pass: number;
  readonly seed: number;
  /** Of the random numbers. */
  readonly stream: number;
}

/** Threads that apply a function to batches; which of them does a batch changes nothing. */
export class WorkerMap {
  private readonly idle: Worker[] = [];
  private readonly waiting: ((worker: Worker) => void)[] = [];
  private readonly all: Worker[] = [];
  private next = 0;

  constructor(
    private readonly fn: ModuleFunction,
    private readonly threads: number,
  ) {}

  async run(task: WorkerTask): Promise<unknown> {
    const worker = await this.take();
    try {
      return await this.ask(worker, task);
    } finally {
      const waiting = this.waiting.shift();
      if (waiting) waiting(worker);
      else this.idle.push(worker);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.terminate()));
  }

  private async take(): Promise<Worker> {
    const idle = this.idle.pop();
    if (idle) return idle;
    if (this.all.length < this.threads) return this.start();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private start(): Worker {
    const { module, name = "default" } = this.fn;
    const worker = new Worker(PROGRAM, { eval: true, workerData: { module: String(module), name } });
    worker.unref();
    worker.setMaxListeners(0);
    this.all.push(worker);
    return worker;
  }

  private ask(worker: Worker, task: WorkerTask): Promise<unknown> {
    const id = this.next++;
    worker.ref(); // somebody waits for the answer
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        worker.off("message", hear);
        worker.off("error", broken);
        worker.off("exit", gone);
        worker.unref();
        then();
      };
      const what = () => {
        const { module, name = "default" } = this.fn;
        const place = String(module).startsWith("file:") ? fileURLToPath(String(module)) : String(module);
        return `${name} of ${place}`;
      };
      const refuse = (why: string) => {
        try {
          fail(`${what()} failed on a thread: ${why.split("\n")[0]}`, "a function of a batch that gives a batch");
        } catch (error) {
          reject(error as DescentError);
        }
      };
      const hear = (answer: { id: number; batch?: unknown; error?: string }) => {
        if (answer.id !== id) return;
        settle(() => (answer.error === undefined ? resolve(answer.batch) : refuse(answer.error)));
      };
      const broken = (error: Error) => settle(() => refuse(error.message));
      const gone = () => settle(() => refuse("the thread ended"));
      worker.on("message", hear);
      worker.on("error", broken);
      worker.on("exit", gone);
      worker.postMessage({ id, ...task });
    });
  }
}
