// `npm run bench [-- --case NAME] [--threads N] [--blocks N] [--json FILE] [--no-torch]`: training steps of the suite,
// interleaved block by block with PyTorch's in this same run, and how near they come to what the machine can do.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { type Callback, evaluate } from "descent";
import { CASES, type Case, flopOf } from "./cases.ts";
import { digits, formatTable, formatTimes, scaled, sleep, summarize, type Times } from "./measure.ts";
import { bestOf, measurePeak, type Peak } from "./peak.ts";
import { TorchPeer } from "./peer.ts";

interface Options {
  case?: string[];
  threads: number;
  blocks: number;
  json?: string;
  torch: boolean;
}

interface Result {
  case: string;
  /** From the call of fit to the first finished step: tracing, compiling (unless cached), the step. */
  firstStepMs: number;
  descent: Times;
  torch: Times | undefined;
  /** PyTorch's median over Descent's: above 1, Descent is faster. */
  ratio: number | undefined;
  flopPerStep: number;
  flopPerSecond: number;
}

/** Both sides keep their threads awake for a moment after a step; a pause keeps them out of each other's way. */
const PAUSE_MS = 300;

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number of at least 1");
  return value;
}

function readOptions(): Options {
  return new Command("npm run bench --")
    .description("Times the training steps of the suite, and PyTorch's in the same run.")
    .option("--case <name...>", "only these cases")
    .option("--threads <n>", "threads for both sides", positive, availableParallelism())
    .option("--blocks <n>", "blocks per case and side; the median is reported", positive, 7)
    .option("--json <file>", "write all results to a file")
    .option("--no-torch", "leave PyTorch out")
    .parse()
    .opts();
}

/**
 * One case, in turns: a block of ours is an epoch of `fit`, PyTorch's is asked for between epochs. What is timed is the
 * loop as users run it: batches are shuffled and copied, then a step is one call of the compiled program.
 */
async function measure(suite: Case, peer: TorchPeer | undefined, blocks: number): Promise<Result> {
  const { network, x, y } = suite.make(suite.batch * suite.steps);
  await evaluate(x, y);
  const ours: number[] = [];
  const theirs: number[] = [];
  const start = performance.now();
  let firstStepMs = 0;
  const turns: Callback = {
    onStepEnd() {
      firstStepMs ||= performance.now() - start;
    },
    async onEpochEnd({ seconds }) {
      ours.push((seconds * 1000) / suite.steps);
      await sleep(PAUSE_MS);
      if (peer) theirs.push(await peer.block(suite.name, suite.steps));
      await sleep(PAUSE_MS);
    },
  };
  await network.fit(x, y, { epochs: blocks + 1, batchSize: suite.batch, callbacks: [turns], verbose: 0 });

  const descent = summarize(ours.slice(1)); // the first block warms both sides up
  const torch = peer && summarize(theirs.slice(1));
  const flopPerStep = flopOf(network, suite.batch);
  const flopPerSecond = flopPerStep / (descent.median / 1000);
  return {
    case: suite.name,
    firstStepMs,
    descent,
    torch,
    ratio: torch && torch.median / descent.median,
    flopPerStep,
    flopPerSecond,
  };
}

function formatPeak({ gflops, gbytes }: Peak): string {
  return `${gflops.toFixed(0)} GFLOP/s, ${gbytes.toFixed(0)} GB/s`;
}

function row(result: Result, peak: Peak | undefined): string[] {
  return [
    result.case,
    formatTimes(result.descent),
    formatTimes(result.torch),
    result.ratio === undefined ? "-" : `${digits(result.ratio)}x`,
    scaled(result.flopPerStep),
    scaled(result.flopPerSecond),
    peak ? `${((100 * result.flopPerSecond) / (peak.gflops * 1e9)).toFixed(1)} %` : "-",
    `${(result.firstStepMs / 1000).toFixed(2)} s`,
  ];
}

const HEADER = [
  "case",
  "Descent ms/step",
  "PyTorch ms/step",
  "ratio",
  "FLOP/step",
  "FLOP/s",
  "of peak",
  "first step after",
];

async function main(): Promise<void> {
  const options = readOptions();
  process.env.DESCENT_THREADS = String(options.threads); // read when the engine starts
  const unknown = options.case?.filter((name) => !CASES.some((known) => known.name === name)) ?? [];
  if (unknown.length > 0) {
    console.error(`unknown case ${unknown.join(", ")}; known: ${CASES.map((known) => known.name).join(", ")}`);
    process.exit(1);
  }

  console.log(`${cpus()[0]?.model ?? "unknown processor"}, ${options.threads} threads, Node ${process.version}`);
  const before = measurePeak(options.threads);
  if (typeof before === "string") console.log(before);
  const started = options.torch ? await TorchPeer.start(options.threads) : "left out (--no-torch)";
  const peer = typeof started === "string" ? undefined : started;
  console.log(
    typeof started === "string"
      ? `PyTorch: ${started}`
      : `PyTorch ${started.version}, eager, ${started.threads} threads`,
  );
  console.log(`median (least-most) of ${options.blocks} blocks, in turns with PyTorch\n`);

  const results: Result[] = [];
  for (const suite of CASES) {
    if (options.case && !options.case.includes(suite.name)) continue;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${suite.name}...`);
    results.push(await measure(suite, peer, options.blocks));
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const after = typeof before === "string" ? before : measurePeak(options.threads);
  const peak = typeof before === "string" || typeof after === "string" ? undefined : bestOf(before, after);
  console.log(formatTable([HEADER, ...results.map((result) => row(result, peak?.all))]));
  if (peak) {
    console.log(
      `\npeak of this machine, 1 thread: ${formatPeak(peak.one)}; ${options.threads}: ${formatPeak(peak.all)}`,
    );
  }
  peer?.stop();
  if (options.json) {
    const machine = {
      processor: cpus()[0]?.model,
      threads: options.threads,
      node: process.version,
      peak: peak ?? before,
    };
    writeFileSync(options.json, `${JSON.stringify({ machine, torch: peer?.version ?? started, results }, null, 2)}\n`);
  }
}

await main();
