// `npm run bench:data -- [GB] [FOLDER]`: makes a table of so many gigabytes (default 10) by DuckDB, trains one epoch over it in a process of its
// own, and tells the most memory that took and its samples per second beside those of the same model fed from memory. Then 10,000 small PNGs
// are made and read: as they come, and into a training. What was made stays in FOLDER for the next time.
// `npm run bench:data -- part table PATH SAMPLES NETWORK` does one part: of so many samples (default all), into the network "wide" (512, 512,
// 256: it computes longer than reading takes) or "narrow" (64, 32); beside `table`, `memory` is fed from memory, `kept` from
// what a first pass over the table, which is not timed, kept on disk (four passes), and `read` only reads. With the
// word `each` at the end a callback hears of every step before the next one, so that no call has many.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FitOptions, layers, type Model, sequential } from "descent";
import { type Dataset, fromImages, fromTable } from "descent/data";

const FEATURES = 19;
const BATCH = 1024;
const IMAGES = 10_000;
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

/** Units of the hidden layers. */
const NETWORKS: Readonly<Record<string, readonly number[]>> = { wide: [512, 512, 256], narrow: [64, 32] };

function regressor(network: string): Model {
  const hidden = (NETWORKS[network] as readonly number[]).map((units, i) =>
    layers.dense(units, { activation: "relu", ...(i === 0 && { inputShape: [FEATURES] }) }),
  );
  return sequential([...hidden, layers.dense(1)], { seed: 1 }).compile({ optimizer: "adam", loss: "meanSquaredError" });
}

const samplesOf = (table: Dataset) => table.columns({ x: names, y: "y" });

/** One reading, or one training; prints what it came to as JSON, and on the way, on the error output, how far it is and what memory it takes. */
async function train(kind: string, path: string, most: number, network: string, pace?: string): Promise<void> {
  const table = await fromTable(path, { threads: 1 }); // the other processor trains
  const samples = Math.min(most, table.length ?? most);
  const dataset = samplesOf(table).take(samples).shuffle({ seed: 1, buffer: 50_000 }).batch(BATCH);
  if (kind === "read") {
    await report(kind, samples, async (batchDone) => {
      for await (const _ of dataset) batchDone();
      return {};
    });
    return;
  }
  const fitted = (epochs: number, fit: (model: Model, options: FitOptions) => ReturnType<Model["fit"]>) => {
    return async (batchDone: () => void) => {
      const options = {
        epochs,
        batchSize: BATCH,
        verbose: 0 as const,
        callbacks: [{ lateSteps: pace !== "each", onStepEnd: batchDone }],
      };
      const { history, waiting } = await fit(regressor(network), options);
      return { waiting, loss: history.loss.at(-1) };
    };
  };
  if (kind === "kept") {
    const folder = mkdtempSync(join(tmpdir(), "descent-bench-kept-"));
    const kept = samplesOf(table).take(samples).batch(8192).cache(folder);
    for await (const _ of kept); // the first pass, from the table, is not timed
    const epochs = 4;
    const again = kept.shuffle({ seed: 1, buffer: 50_000 }).batch(BATCH);
    await report(
      kind,
      samples * epochs,
      fitted(epochs, (model, options) => model.fit(again, options)),
    );
    rmSync(folder, { recursive: true });
    return;
  }
  if (kind === "table")
    return report(
      kind,
      samples,
      fitted(1, (model, options) => model.fit(dataset, options)),
    );
  const x = new Float32Array(IN_MEMORY * FEATURES);
  const y = new Float32Array(IN_MEMORY);
  let at = 0;
  for await (const batch of samplesOf(table).take(IN_MEMORY)) {
    const [inputs, outputs] = [batch["x"], batch["y"]] as { data: Float32Array }[];
    x.set(inputs?.data ?? [], at * FEATURES);
    y.set(outputs?.data ?? [], at);
    at += outputs?.data.length ?? 0;
  }
  const epochs = Math.max(1, Math.round(most / IN_MEMORY));
  const rows = { data: x, shape: [at, FEATURES] };
  const targets = { data: y, shape: [at] };
  const fit = fitted(epochs, (model, options) => model.fit(rows, targets, options));
  await report(kind, at * epochs, fit);
}

/** Samples per second from the first batch on, the most memory, and what the work itself tells. */
async function report(kind: string, samples: number, work: (batchDone: () => void) => Promise<object>): Promise<void> {
  let [started, shown, batches, cpu] = [0, 0, 0, process.cpuUsage()];
  const told = await work(() => {
    const now = performance.now();
    batches++;
    if (started === 0) [started, shown, cpu] = [now, now, process.cpuUsage()];
    if (now - shown < 10_000) return;
    shown = now;
    const rss = (process.memoryUsage.rss() / 1e9).toFixed(3);
    console.error(
      `${kind}: ${batches * BATCH} of ${samples} samples, ${((now - started) / 1000).toFixed(0)} s, ${rss} GB`,
    );
  });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const peak = process.resourceUsage().maxRSS / 1e6; // kilobytes
  const cores = (user + system) / 1e6 / seconds;
  console.log(JSON.stringify({ kind, samples, seconds, perSecond: samples / seconds, cores, peak, ...told }));
}

/** 10,000 PNGs of 64 x 64 pixels with some structure, in ten folders. */
async function makeImages(folder: string): Promise<void> {
  const { default: sharp } = await import("sharp");
  for (let i = 0; i < IMAGES; i++) {
    const into = join(folder, `class-${i % 10}`);
    mkdirSync(into, { recursive: true });
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => {
      const [row, column] = [Math.floor(at / 192), Math.floor(at / 3) % 64];
      return 128 + 100 * Math.sin((row * (1 + (i % 10)) + column) / 9) + ((at * 2654435761 + i) % 24);
    });
    await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toFile(join(into, `${i}.png`));
  }
}

/** Images read as they come, then into a training of a small network; prints rates, and how many processors were kept busy. */
async function images(folder: string): Promise<void> {
  const { dataset, classes } = await fromImages(folder, { size: [64, 64] });
  const measured = async (work: () => Promise<unknown>) => {
    const [before, started] = [process.cpuUsage(), performance.now()];
    await work();
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    return { perSecond: IMAGES / seconds, cores: (user + system) / 1e6 / seconds };
  };
  const read = await measured(async () => {
    for await (const _ of dataset.batch(64));
  });
  const model = sequential([
    layers.rescaling(1 / 255, { inputShape: [64, 64, 3] }),
    layers.conv2d(16, 3, { strides: 2, activation: "relu" }),
    layers.conv2d(32, 3, { strides: 2, activation: "relu" }),
    layers.globalAveragePooling2d(),
    layers.dense(classes.length, { activation: "softmax" }),
  ]).compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  const shuffled = dataset.shuffle({ seed: 1 }).batch(64);
  await model.fit(shuffled.take(128 + (IMAGES % 64)), { verbose: 0 }); // compiled before it is timed, for the smaller last batch, too
  let waiting = 0;
  const trained = await measured(async () => {
    ({ waiting } = await model.fit(shuffled, { verbose: 0 }));
  });
  console.log(JSON.stringify({ read, trained, waiting }));
}

interface Rate {
  perSecond: number;
  cores: number;
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
  const memory = part("memory", path, "2000000");
  say("from memory", memory);
  const stream = part("table", path);
  say("from the table", stream);
  console.log(`${((100 * stream.perSecond) / memory.perSecond).toFixed(0)} % of the speed from memory`);
  const pictures = join(folder, "images");
  if (!existsSync(join(pictures, "class-9", `${IMAGES - 1}.png`))) {
    console.log(`Making ${IMAGES} images...`);
    await makeImages(pictures);
  }
  const rate = ({ perSecond, cores }: Rate) => `${Math.round(perSecond)} a second, ${cores.toFixed(2)} processors busy`;
  const { read, trained, waiting } = part<{ read: Rate; trained: Rate; waiting: number }>("images", pictures);
  console.log(
    `${IMAGES} PNGs read: ${rate(read)}; into a training: ${rate(trained)}, ${waiting.toFixed(1)} s waited for data`,
  );
}

function say(what: string, { samples, seconds, perSecond, peak, waiting, loss }: Told): void {
  console.log(
    `${what}: ${samples} samples in ${seconds.toFixed(1)} s, ${Math.round(perSecond)} a second, ${peak.toFixed(2)} GB at most, ` +
      `${waiting.toFixed(1)} s waited for data, loss ${loss.toFixed(5)}`,
  );
}

const [first = "10", ...rest] = process.argv.slice(2);
if (first !== "part" && !(Number(first) > 0)) {
  console.error("usage: npm run bench:data -- [GB, by default 10] [FOLDER]");
  process.exitCode = 2;
} else if (first !== "part") await main(Number(first), rest[0] ?? join(tmpdir(), "descent-bench-data"));
else {
  const [kind = "", path = "", most, network = "wide", pace] = rest;
  if (kind === "images") await images(path);
  else await train(kind, path, Number(most ?? Number.POSITIVE_INFINITY), network, pace);
}
