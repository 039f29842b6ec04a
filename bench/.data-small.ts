// `npm run bench:data -- [GB] [FOLDER]`: makes a table of so many gigabytes (default 10) by DuckDB, trains one epoch over it in a process of its
// own, and tells the most memory that took and its samples per second beside those of the same model fed from memory. Then 10,000 small PNGs
// are made and read: as they come, and into a training. What was made stays in FOLDER for the next time.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Callback, layers, type Model, sequential } from "descent";
import { type Dataset, fromTable } from "descent/data";

const FEATURES = 19;
const BATCH = 1024;
/** A column of float64 for each feature, and the target. */
const ROW_BYTES = 8 * (FEATURES + 1);
/** Samples of the training that is fed from memory, each seen several times. */
const IN_MEMORY = 1_000_000;

const names = Array.from({ length: FEATURES }, (_, k) => `f${k}`);

async function makeTable(path: string, gigabytes: number): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { memory_limit: "1GB" })).connect();
  const rows = Math.round((gigabytes * 1e9) / ROW_BYTES);
  const random = names.map((name) => `random() AS ${name}`).join(", ");
  await connection.run(
    `COPY (SELECT *, f0 + 2 * f1 - f2 * f3 + sin(6 * f4) AS y FROM (SELECT ${random} FROM range(${rows}))) ` +
      `TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION uncompressed)`,
  );
}

function regressor(): Model {
  return sequential(
    [
      layers.dense(32, { activation: "relu", inputShape: [FEATURES] }),
      layers.dense(16, { activation: "relu" }),
      layers.dense(1),
    ],
    { seed: 1 },
  ).compile({ optimizer: "adam", loss: "meanSquaredError" });
}

const samplesOf = (table: Dataset) => table.columns({ x: names, y: "y" });

/** One training; prints what it came to as JSON. */
async function train(kind: string, path: string, most: number): Promise<void> {
  const table = await fromTable(path, { threads: 1 }); // the other processor trains
  const epochs = kind === "memory" ? Math.max(1, Math.round(most / IN_MEMORY)) : 1;
  if (kind === "memory") {
    const x = new Float32Array(IN_MEMORY * FEATURES);
    const y = new Float32Array(IN_MEMORY);
    let at = 0;
    for await (const batch of samplesOf(table).take(IN_MEMORY)) {
      const [rows, targets] = [batch["x"], batch["y"]] as { data: Float32Array }[];
      x.set(rows?.data ?? [], at * FEATURES);
      y.set(targets?.data ?? [], at);
      at += targets?.data.length ?? 0;
    }
    const arrays = { x: { data: x, shape: [at, FEATURES] }, y: { data: y, shape: [at] } };
    const options = { epochs, batchSize: BATCH, verbose: 0 as const };
    const fit = (callback: Callback) => regressor().fit(arrays.x, arrays.y, { ...options, callbacks: [callback] });
    await report(kind, fit, at * epochs);
    return;
  }
  const samples = Math.min(most, table.length ?? most);
  const dataset = samplesOf(table).take(samples).shuffle({ seed: 1, buffer: 50_000 }).batch(BATCH);
  await report(kind, (callback) => regressor().fit(dataset, { verbose: 0, callbacks: [callback] }), samples);
}

/** Trains, and tells samples per second from the first step on. */
async function report(kind: string, fit: (callback: Callback) => ReturnType<Model["fit"]>, samples: number) {
  let started = 0;
  const { history, waiting } = await fit({
    onStepEnd: () => {
      started ||= performance.now();
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const peak = process.resourceUsage().maxRSS / 1e6; // kilobytes
  const loss = history.loss.at(-1);
  console.log(JSON.stringify({ kind, samples, seconds, perSecond: samples / seconds, peak, waiting, loss }));
}

interface Told {
  samples: number;
  seconds: number;
  perSecond: number;
  peak: number;
  waiting: number;
  loss: number;
}

/** Does a part in a process of its own. */
function part<T = Told>(...args: string[]): T {
  const { stdout, status } = spawnSync(
    process.execPath,
    ["--import", "tsx", fileURLToPath(import.meta.url), "part", ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) throw new Error(`${args.join(" ")} failed`);
  return JSON.parse(String(stdout).trim().split("\n").at(-1) ?? "") as T;
}

async function main(gigabytes: number, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `table-${gigabytes}GB.parquet`);
  if (!existsSync(path)) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < 1.2e9 * gigabytes) throw new Error(`${folder} has not ${1.2 * gigabytes} GB left`);
    console.log(`Making ${path}...`);
    await makeTable(path, gigabytes);
  }
  console.log(`${path}: ${(statSync(path).size / 1e9).toFixed(2)} GB; ${cpus()[0]?.model}, ${cpus().length} threads`);
  const memory = part("memory", path, "10000000");
  say("from memory", memory);
  const stream = part("table", path);
  say("from the table", stream);
  console.log(`${((100 * stream.perSecond) / memory.perSecond).toFixed(0)} % of the speed from memory`);
}

function say(what: string, { samples, seconds, perSecond, peak, waiting, loss }: Told): void {
  console.log(
    `${what}: ${samples} samples in ${seconds.toFixed(1)} s, ${Math.round(perSecond)} a second, ${peak.toFixed(2)} GB at most, ` +
      `${waiting.toFixed(1)} s waited for data, loss ${loss.toFixed(5)}`,
  );
}

const [first = "10", ...rest] = process.argv.slice(2);
if (first === "part") await train(rest[0] ?? "", rest[1] ?? "", Number(rest[2] ?? Number.POSITIVE_INFINITY));
else await main(Number(first), rest[0] ?? join(tmpdir(), "descent-bench-data"));
