// `npm run bench:wasm [-- --chromium] [--case NAME] [--threads N] [--blocks N] [--engine NAME] [--json FILE] [--no-peers]`: whole
// training steps on the WebAssembly engine, in turns with TensorFlow.js (WebAssembly back end) and jax-js, in Node or in one page of
// Chromium; a product of matrices on one thread; and how near all come to what 128-bit vectors can do here.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { type Host, openChromium, openNode } from "./hosts.ts";
import { measure, type Result } from "./measure.ts";
import { betterOf, type VectorPeaks } from "./peak.ts";
import { installPeers } from "./peers.ts";
import { formatErrors, formatPeaks, formatResults } from "./report.ts";
import { CONTESTANTS, type ContestantName } from "./requests.ts";
import type { Task } from "./task.ts";
import { tasks } from "./tasks.ts";

interface Options {
  chromium?: true;
  case?: string[];
  threads: number;
  blocks: number;
  engine: string;
  json?: string;
  peers: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number of at least 1");
  return value;
}

function readOptions(): Options {
  return new Command("npm run bench:wasm --")
    .description(
      "Times training steps on the WebAssembly engine, and those of TensorFlow.js and jax-js in the same run.",
    )
    .option("--chromium", "in a page of Chromium instead of Node")
    .option("--case <name...>", "only these cases")
    .option("--threads <n>", "threads for all of the trainings; products take one", positive, availableParallelism())
    .option("--blocks <n>", "blocks per case and library; the median is reported", positive, 7)
    .option("--engine <name>", "Descent's engine (in Node)", "wasm")
    .option("--json <file>", "write all results to a file")
    .option("--no-peers", "leave the other libraries out")
    .parse()
    .opts();
}

/** All tasks that take the same number of threads, by contestants started for them. */
async function compare(
  host: Host,
  names: readonly ContestantName[],
  wanted: readonly Task[],
  threads: number,
  blocks: number,
) {
  const rivals = [];
  const results: Result[] = [];
  try {
    for (const name of names) {
      const rival = await host.start(name, threads);
      const { hello } = rival;
      console.log(
        `${hello.name} ${hello.version}, ${hello.threads} thread${hello.threads > 1 ? "s" : ""}: ${hello.note}`,
      );
      rivals.push(rival);
    }
    for (const task of wanted) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${task.name}...`);
      results.push(await measure(task, rivals, blocks));
    }
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    return { results, contestants: rivals.map(({ hello }) => hello) };
  } finally {
    for (const rival of rivals) await rival.stop();
  }
}

function chosenTasks(names: readonly string[] | undefined): Task[] {
  const all = tasks();
  const unknown = names?.filter((name) => !all.some((known) => known.name === name)) ?? [];
  if (unknown.length > 0) {
    console.error(`unknown case ${unknown.join(", ")}; known: ${all.map((known) => known.name).join(", ")}`);
    process.exit(1);
  }
  return all.filter(({ name }) => !names || names.includes(name));
}

async function main(): Promise<void> {
  const options = readOptions();
  const { threads, blocks } = options;
  const chosen = chosenTasks(options.case);
  const missing = options.peers || options.chromium ? installPeers() : undefined;
  if (missing) console.log(`Without other libraries: ${missing}`);
  const names = options.peers && !missing ? CONTESTANTS : CONTESTANTS.slice(0, 1);
  const host = await (options.chromium ? openChromium() : openNode(options.engine));
  const load = loadavg()[0] ?? 0;
  console.log(
    `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, ${host.name}; load before: ${load.toFixed(1)}`,
  );
  try {
    const before = await host.peak(threads);
    const phases = [
      { threads, tasks: chosen.filter(({ kind }) => kind === "training") },
      { threads: 1, tasks: chosen.filter(({ kind }) => kind === "product") },
    ].filter((phase) => phase.tasks.length > 0);
    const done: { threads: number; results: Result[]; contestants: unknown }[] = [];
    for (const phase of phases) {
      done.push({ threads: phase.threads, ...(await compare(host, names, phase.tasks, phase.threads, blocks)) });
    }
    const peak: VectorPeaks = betterOf(before, await host.peak(threads));
    console.log(
      `\nmedian (least-most) of ${blocks} blocks in turns; "takes": that many times as long as Descent, in blocks of the same round; "others used": other processes, in the worst block`,
    );
    for (const { threads: count, results } of done) {
      console.log(`\n${count} thread${count > 1 ? "s" : ""}\n`);
      console.log(formatResults(results, count === 1 ? peak.one : peak.all));
    }
    const errors = done.flatMap(({ results }) => formatErrors(results));
    if (errors.length > 0) console.log(`\n${errors.join("\n")}`);
    console.log(`\n${formatPeaks(peak, threads)}`);
    if (options.json) {
      const machine = { processor: cpus()[0]?.model, cores: cpus().length, host: host.name, loadBefore: load, peak };
      writeFileSync(options.json, `${JSON.stringify({ machine, phases: done }, null, 2)}\n`);
    }
  } finally {
    await host.close();
  }
  process.exit(0); // workers of the peak's measurement may still be ending
}

await main();
