import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Batch, rowsOf } from "../datasets/batch.ts";
import type { DatabaseSetup } from "./duckdb.ts";
import { DUCKDB, QueryError } from "./duckdb.ts";
import { messageOf } from "./message.ts";
import { isList, type Output, ROWS } from "./pieces.ts";

// A query's answer read on a thread of its own, with a database of its own: while a training computes, its thread neither waits for a chunk nor
// copies it value by value. Batches lie in a ring of shared memory, from which whole columns are copied.

/** Batches of the ring. */
const SLOTS = 16;

/** Places in the shared state: batches written and read so far, whether the answer has ended, whether nobody wants more of it. */
const WRITTEN = 0;
const READ = 1;
const ENDED = 2;
const STOPPED = 3;

/** Values of `ENDED` beside 0. */
const DONE = 1;
const FAILED = 2;

/** Threads at work. One that is killed in the middle of a question to DuckDB takes the process with it, so the process waits for their last chunk. */
const working = new Set<ReadingThread>();

process.on("exit", () => {
  for (const thread of working) thread.stop();
  for (const thread of working) thread.waitForEnd();
});

/** Milliseconds that the end of the process waits at most: what DuckDB does is interrupted. */
const LONGEST_END = 2000;

/** A column of the ring: `width` numbers a row, made of as many columns of the answer. */
interface Ring {
  readonly values: Float32Array | Float64Array;
  readonly width: number;
}

/** What the thread does; made from text, it can load nothing of this package. */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const { library, options, statements, sql, rings, state, counts, rows, slots } = workerData;
const [WRITTEN, READ, ENDED, STOPPED] = [${WRITTEN}, ${READ}, ${ENDED}, ${STOPPED}];
const isStopped = () => Atomics.load(state, STOPPED) === 1;
function spread(from, to, at, stride) {
  for (let i = 0; i < from.length; i++, at += stride) to[at] = from[i];
}
function copy(chunk, start, count, row) {
  let column = 0;
  for (const { values, width } of rings) {
    for (let k = 0; k < width; k++) {
      const own = chunk.getColumnVector(column++).items.subarray(start, start + count);
      if (width === 1) values.set(own, row);
      else spread(own, values, row * width + k, width);
    }
  }
}
async function read(connection) {
  for (const statement of statements) await connection.run(statement);
  const answer = await connection.stream(sql);
  let [written, filled] = [0, 0];
  const publish = () => {
    counts[written++ % slots] = filled;
    filled = 0;
    Atomics.store(state, WRITTEN, written);
    Atomics.notify(state, WRITTEN);
  };
  let coming = answer.fetchChunk();
  for (;;) {
    const chunk = await coming;
    const size = chunk ? chunk.rowCount : 0;
    if (size === 0 || isStopped()) break;
    coming = answer.fetchChunk(); // it is decoded while this one is copied
    coming.catch(() => undefined);
    for (let at = 0; at < size; ) {
      for (let taken; filled === 0 && written - (taken = Atomics.load(state, READ)) >= slots; ) {
        if (isStopped()) return void (await coming);
        Atomics.wait(state, READ, taken);
      }
      const count = Math.min(rows - filled, size - at);
      copy(chunk, at, count, (written % slots) * rows + filled);
      [filled, at] = [filled + count, at + count];
      if (filled === rows) publish();
    }
  }
  if (filled > 0) publish();
}
(async () => {
  let [ended, instance, connection, again] = [${DONE}];
  try {
    instance = await require(library).DuckDBInstance.create(":memory:", options);
    connection = await instance.connect();
    // Again and again: nothing is interrupted where no query has begun yet.
    parentPort.on("message", () => void (again = setInterval(() => connection.interrupt(), 20)));
    await read(connection);
  } catch (error) {
    ended = ${FAILED};
    parentPort.postMessage(String((error && error.message) || error));
  }
  clearInterval(again);
  connection?.disconnectSync();
  instance?.closeSync();
  Atomics.store(state, ENDED, ended);
  Atomics.notify(state, ENDED);
  Atomics.store(state, WRITTEN, Atomics.load(state, WRITTEN) + 1); // wakes whoever waits
  Atomics.notify(state, WRITTEN);
  parentPort.removeAllListeners("message");
  parentPort.unref();
})();
`;

/** Whether an answer can be read so: numbers alone, one of each column a row. */
export function fitsThread(outputs: readonly Output[]): boolean {
  return outputs.every(([, parts]) =>
    parts.every(({ kind, width }) => !isList(kind) && kind !== "numbers" && width === 1),
  );
}

/** Batches of {@link ROWS} rows, as `Pieces` makes them. */
export class ReadingThread {
  private readonly state = new Int32Array(new SharedArrayBuffer(16));
  private readonly counts = new Int32Array(new SharedArrayBuffer(4 * SLOTS));
  private readonly rings: readonly Ring[];
  private readonly worker: Worker;
  private readonly ended: Promise<string | undefined>;
  private readonly spare: Batch[] = [];
  private readonly spill: string;
  private read = 0;

  constructor(
    { options, statements }: DatabaseSetup,
    sql: string,
    private readonly outputs: readonly Output[],
  ) {
    this.rings = outputs.map(([, parts, isMatrix]) => {
      const count = SLOTS * ROWS * parts.length;
      const values = isMatrix
        ? new Float32Array(new SharedArrayBuffer(4 * count))
        : new Float64Array(new SharedArrayBuffer(8 * count));
      return { values, width: parts.length };
    });
    this.spill = join(tmpdir(), `descent-duckdb-${process.pid}-${randomBytes(6).toString("hex")}`);
    const { rings, state, counts } = this;
    const library = createRequire(import.meta.url).resolve(DUCKDB);
    const own = { ...options, temp_directory: this.spill };
    this.worker = new Worker(PROGRAM, {
      eval: true,
      workerData: { library, options: own, statements, sql, rings, state, counts, rows: ROWS, slots: SLOTS },
    });
    this.worker.unref();
    working.add(this);
    let why: string | undefined;
    this.ended = new Promise((resolve) => {
      this.worker.on("message", (message: string) => {
        why = message;
      });
      this.worker.on("error", (error) => {
        why = error.message;
      });
      this.worker.on("exit", () => {
        working.delete(this);
        if (Atomics.load(state, ENDED) === 0) Atomics.store(state, ENDED, FAILED); // it died
        resolve(why);
      });
    });
  }

  /** The next rows; undefined at the end. */
  async next(): Promise<Batch | undefined> {
    const { state, read } = this;
    for (;;) {
      const mark = Atomics.load(state, WRITTEN);
      const ended = Atomics.load(state, ENDED);
      if (mark - (ended === 0 ? 0 : 1) > read) return this.take();
      if (ended === FAILED) throw new QueryError(messageOf((await this.ended) ?? "the thread that reads it ended"));
      if (ended !== 0) return undefined;
      this.worker.ref(); // a process lives as long as it waits for an answer
      await Promise.race([changed(state, WRITTEN, mark), this.ended]);
      this.worker.unref();
    }
  }

  private take(): Batch {
    const slot = this.read % SLOTS;
    const rows = this.counts[slot] as number;
    const used = rows === ROWS ? this.spare.pop() : undefined;
    const batch = Object.fromEntries(
      this.outputs.map(([name, , isMatrix], i) => {
        const { values, width } = this.rings[i] as Ring;
        const own = values.subarray(slot * ROWS * width, (slot * ROWS + rows) * width);
        const shape = isMatrix ? [rows, width] : [rows];
        const into = used?.[name] as { data: Float32Array | Float64Array } | undefined;
        const data = into?.data ?? (isMatrix ? new Float32Array(own.length) : new Float64Array(own.length));
        data.set(own);
        return [name, { data, shape }];
      }),
    );
    Atomics.store(this.state, READ, ++this.read);
    // A thread that waits for room is woken when half of the ring is free: to wake it costs more than to copy a batch.
    if (Atomics.load(this.state, WRITTEN) - this.read <= SLOTS / 2) Atomics.notify(this.state, READ);
    return batch;
  }

  reuse(batch: Batch): void {
    if (rowsOf(batch) === ROWS) this.spare.push(batch);
  }

  async close(): Promise<void> {
    this.worker.ref();
    this.stop();
    await this.ended;
    await rm(this.spill, { recursive: true, force: true });
  }

  /** Tells the thread that nobody wants more. */
  stop(): void {
    Atomics.store(this.state, STOPPED, 1);
    Atomics.notify(this.state, READ);
    this.worker.postMessage("stop");
  }

  waitForEnd(): void {
    if (Atomics.load(this.state, ENDED) === 0) Atomics.wait(this.state, ENDED, 0, LONGEST_END);
    rmSync(this.spill, { recursive: true, force: true });
  }
}

/** What ES2024 has and our language level does not name: resolves when a place no longer holds a value. */
interface WaitsAsync {
  waitAsync(state: Int32Array, at: number, value: number): { value: Promise<string> | string };
}

async function changed(state: Int32Array, at: number, value: number): Promise<void> {
  await (Atomics as Atomics & WaitsAsync).waitAsync(state, at, value).value;
}
