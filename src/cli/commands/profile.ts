import { access, constants, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { EngineName } from "../../tensor/index.ts";
import type { Callback, FitOptions, Model, Profile } from "../../train/index.ts";
import { loadConfig } from "../config/load.ts";
import { describeSamples, type Samples } from "../data/samples.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { openEngine } from "../training/engine.ts";
import { buildModel, fitOptionsOf } from "../training/model.ts";
import { fitScalers, scalersOf } from "../training/prepare.ts";
import { loadSamples, textOf } from "../training/source.ts";

/** Options of `descent profile`. */
export interface ProfileCommandOptions {
  steps?: number;
  trace?: string;
  all?: boolean;
  json?: boolean;
}

const STEPS = 50;
/** Steps and milliseconds that are more than the profile leaves out to warm up. */
const WARM_UP = { steps: 10, ms: 150 } as const;
/** More than it takes: the training is stopped. */
const EPOCHS = 1_000_000;

/** `descent profile`: trains a config's model for some steps and shows where time and memory went. Writes nothing but the trace. */
export async function profileCommand(path: string, options: ProfileCommandOptions): Promise<ExitCode> {
  const { steps = STEPS, trace, all = false, json = false } = options;
  if (steps < 1) refuse(EXIT.usage, "--steps is 0", "at least 1");
  if (trace !== undefined) await checkTrace(trace);
  const loaded = await loadConfig(path);
  const { config } = loaded;
  const scalers = await scalersOf(config, path);
  const fitOptions = await fitOptionsOf(loaded);
  const samples = await loadSamples(loaded);
  if (!json) console.log(`Data: ${describeSamples(samples.x)}`);
  const seed = config.seed ?? 0;
  const model = await buildModel(loaded, {
    inputShape: samples.x.shape.slice(1),
    seed,
    vocabulary: textOf(samples)?.tokenizer.size,
  });
  if (config.compile) await openEngine(config.compile["engine"] as EngineName | undefined);
  const x = await part(EXIT.data, () => fitScalers(scalers, samples.x), "preprocessing");

  const profile = await profileOf(model, { x, y: samples.y }, { ...fitOptions, seed }, steps, path);
  if (!profile) refuse(EXIT.failed, "no step was done");
  print(profile, { all, json });
  if (trace !== undefined) {
    await part(EXIT.failed, () => writeFile(trace, JSON.stringify(profile.trace())));
    if (!json) console.log(`\nWrote ${trace}; open it at https://ui.perfetto.dev`);
  }
  return EXIT.ok;
}

/** Trains for so many steps; what is refused before the first one is the config's fault. */
async function profileOf(
  model: Model,
  { x, y }: Pick<Samples, "x" | "y">,
  { batchSize, classWeight, augment, seed }: FitOptions,
  steps: number,
  path: string,
): Promise<Profile | undefined> {
  let begun = 0;
  let warm = 0;
  let done = 0;
  const counter: Callback = {
    onTrainBegin: () => {
      begun = performance.now();
    },
    onStepEnd: ({ training, size }) => {
      if (size !== training.batchSize || ++done <= WARM_UP.steps || performance.now() - begun < WARM_UP.ms) return;
      if (++warm > steps) training.stop("profiled");
    },
  };
  const options = { batchSize, classWeight, augment, seed, epochs: EPOCHS, verbose: 0, callbacks: [counter] } as const;
  try {
    return (await model.fit(x, y, { ...options, profile: { steps } })).profile;
  } catch (error) {
    return part(begun > 0 ? EXIT.failed : EXIT.usage, () => Promise.reject(error), begun > 0 ? undefined : path);
  }
}

function print(profile: Profile, { all, json }: { all: boolean; json: boolean }): void {
  if (json) {
    console.log(JSON.stringify(profile, null, 2));
    return;
  }
  const width = process.stdout.columns || Number(process.env["COLUMNS"]) || 80;
  console.log(`\n${profile.format({ width, ...(all && { kernels: profile.kernels.length }) })}`);
}

/** Says before a training that a trace can't be written after it. */
async function checkTrace(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) refuse(EXIT.usage, `--trace ${path} can't be written: there is no folder ${folder}`);
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) refuse(EXIT.usage, `--trace ${path} can't be written: this is a folder`, "a file");
  const writable = await access(there ? path : folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) refuse(EXIT.usage, `--trace ${path} can't be written: permission denied`);
}
