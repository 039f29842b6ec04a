import { copyFile, readdir } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { checkTargets, resolveLoss } from "../../nn/index.ts";
import type { EngineName } from "../../tensor/index.ts";
import type { Callback, CheckpointOptions, FitOptions, History, Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { here } from "../data/files.ts";
import { describeSamples, fromFolder, type Samples } from "../data/samples.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { textBaselines } from "../language/baselines.ts";
import { textConfig } from "../language/rules.ts";
import { isTextFile } from "../language/source.ts";
import { recorded } from "../runs/record.ts";
import { paint } from "../terminal/index.ts";
import { refuseAnew, removeAtOnce } from "../training/checkpoints.ts";
import { openEngine } from "../training/engine.ts";
import { buildModel, fitOptionsOf } from "../training/model.ts";
import { outcomeOf, textOutcome } from "../training/outcome.ts";
import { applyScalers, fitScalers, scalersOf, splitSamples } from "../training/prepare.ts";
import { recordCallbacks, recordOptions, type TrainingArguments } from "../training/records.ts";
import { describeOutcome } from "../training/show.ts";
import { loadSamples, textOf } from "../training/source.ts";
import { type Task, taskOf } from "../training/task.ts";
import { highlightsOf, openOutput, type Trained, writeResults } from "../training/write.ts";

/**
 * `descent train`: reads the config, prepares its data, trains, tests, and writes what came of it.
 * Options go before the config's.
 */
export async function trainCommand(path: string, options: TrainingArguments): Promise<ExitCode> {
  return trainLoaded(await loadConfig(path), options);
}

/** `descent train poem.txt`: the same, of the config that the rules make of a text. */
export async function trainTextCommand(file: string, options: TrainingArguments): Promise<ExitCode> {
  const { code, ...loaded } = await textConfig(file);
  return trainLoaded(loaded, options, code);
}

/** @param code writes the config, which is no file, for a folder. */
async function trainLoaded(
  loaded: LoadedConfig,
  options: TrainingArguments,
  code?: (folder: string) => string,
): Promise<ExitCode> {
  const { config, path } = loaded;
  const seed = options.seed ?? config.seed ?? 0;
  const scalers = await scalersOf(config, path);
  const fitOptions = await fitOptionsOf(loaded);
  const say = options.quiet ? () => undefined : console.log;

  const samples = await loadSamples(loaded);
  say(`Data: ${describeSamples(samples.x)}, from ${sourceName(loaded)}`);
  const text = textOf(samples);
  const vocabulary = text?.tokenizer.size;
  const model = await buildModel(loaded, { inputShape: samples.x.shape.slice(1), seed, vocabulary }, options.precision);
  if (!text) await part(EXIT.data, () => checkAnswers(model, samples, config.compile?.["loss"]), path);
  const outputShape = model.outputs[0]?.shape ?? [];
  const task = taskOf(samples.y, outputShape);
  checkClassNames(config.classes, task, path);
  if (text && scalers.length > 0) refuse(EXIT.usage, `${path}: preprocessing scales tokens`, "none for a text");
  const { train, test, isSplit } = text
    ? { train: samples, test: text.held ?? samples, isSplit: text.held !== undefined }
    : await splitSamples(samples, task, config, seed);
  const x = await part(EXIT.data, () => fitScalers(scalers, train.x), "preprocessing");
  const testX = isSplit ? await part(EXIT.data, () => applyScalers(scalers, test.x), "preprocessing") : x;

  if (config.compile || text) await openEngine(config.compile?.["engine"] as EngineName | undefined);
  const folder = outputFolder(loaded, options);
  await openOutput(folder);
  const facts = { kind: "config", source: here(resolve(path)), seed, settings: settingsOf(loaded, options) };
  const checkpoint = await checkpointOf(fitOptions.checkpoint, join(folder, "checkpoints"), options.resume ?? false);
  if (code) await writeFileAtomic(join(folder, "config.ts"), code(folder));
  else await copyConfig(loaded, folder);
  return recorded(folder, facts, options.resume ?? false, () => work(folder));

  async function work(folder: string): Promise<ExitCode> {
    const modelFolder = join(folder, "model");
    const preprocessing = text
      ? { tokenizer: text.tokenizer.toJSON() }
      : { scalers: scalers.map((scaler) => scaler.toJSON()), columns: samples.columns ?? null };
    model.facts = { preprocessing: JSON.parse(JSON.stringify(preprocessing)), labels: config.classes ?? null };
    const records = await part(EXIT.usage, () =>
      recordCallbacks(recordOptions(options, config.records, loaded.folder), {
        name: config.name ?? loaded.stem,
        parameters: { seed, ...facts.settings },
      }),
    );
    const run = await fitModel(model, { x, y: train.y }, path, {
      seed,
      saveTo: modelFolder,
      ...fitOptions,
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.epochs !== undefined && { epochs: options.epochs }),
      ...(options.quiet && { verbose: 0 as const }),
      callbacks: [...(fitOptions.callbacks ?? []), ...records],
      checkpoint,
    });
    if (run.history.interrupted) {
      say(`Go on with: descent train ${path} --resume`);
      return EXIT.interrupted;
    }

    const scores = await model.evaluate(testX, test.y);
    const outcome = async () => {
      if (text) return textOutcome(scores, test.y); // all scores of all places would be many
      const prediction = await model.predict(testX);
      const output = { data: await prediction.data(), shape: prediction.shape };
      const testTask = task.kind === "classes" ? taskOf(test.y, outputShape) : task;
      return outcomeOf(scores, testTask, test.y, output, test.x);
    };
    const baselines = text && isSplit && textBaselines(train, test, text.tokenizer.size);
    const trained: Trained = {
      ...(baselines && { baselines }),
      title: config.name ?? loaded.stem,
      source: sourceName(loaded),
      model,
      ...run,
      seed,
      isSplit,
      outcome: await outcome(),
      classNames: config.classes,
      targetName: samples.columns?.target[0],
    };
    await model.save(modelFolder);
    await writeResults(folder, trained);
    if (fitOptions.checkpoint === undefined) await removeAtOnce(checkpoint.folder); // the model is saved
    console.log(describeOutcome(highlightsOf(trained), trained.outcome, trained.classNames));
    for (const file of ["model", "metrics.json", "report.html"])
      say(`Wrote ${paint(here(join(folder, file)), "cyan")}`);
    if (text) say(`Try: descent generate ${here(modelFolder)} --prompt "..."`);
    return EXIT.ok;
  }
}

/** What decides a config's training, as far as JSON says it; a module stands beside as it was. */
function settingsOf({ config }: LoadedConfig, { epochs, precision }: TrainingArguments): Record<string, unknown> {
  const { data, model, output: _, records: __, ...rest } = config;
  const plain = (value: unknown) => {
    try {
      return JSON.parse(JSON.stringify(value) ?? "null") as unknown;
    } catch {
      return "an object that JSON can't hold";
    }
  };
  const isFile = typeof data === "string" || (typeof data === "object" && data !== null && "path" in data);
  const layers = Array.isArray(model) ? plain(model) : typeof model;
  return {
    ...(isFile && { data: plain(data) }),
    model: layers,
    ...(plain(rest) as object),
    ...(epochs !== undefined && { epochs }),
    ...(precision && { precision }),
  };
}

/** Puts the config as it was beside what it made. */
async function copyConfig({ path }: LoadedConfig, folder: string): Promise<void> {
  const copy = join(folder, `config${extname(path)}`);
  if (resolve(path) !== copy) await copyFile(path, copy);
}

/**
 * Where the training is kept while it lasts: what the config says, or every minute beside the results, until these are written.
 * Refuses to begin anew where an earlier training can go on.
 */
async function checkpointOf(
  given: FitOptions["checkpoint"],
  folder: string,
  resume: boolean,
): Promise<CheckpointOptions> {
  const asked = typeof given === "string" ? { folder: given } : given;
  const kept = asked?.folder ?? folder;
  await removeAtOnce(kept, true);
  const found = await readdir(kept).catch(() => [] as string[]);
  if (!resume && !asked?.resume && found.some((name) => name.startsWith("step-"))) {
    refuseAnew(kept);
  }
  return { every: { minutes: 1 }, ...asked, folder: kept, ...(resume && { resume }) };
}

/** Refuses targets that the loss can't take: labels out of range, shares that are none. */
function checkAnswers(model: Model, { y }: Samples, loss: unknown): void {
  const [output] = model.outputs;
  if (!output || model.outputs.length > 1 || loss === undefined) return;
  checkTargets(resolveLoss(loss as Parameters<typeof resolveLoss>[0]), y, output.shape);
}

/** Refuses names for other classes than those that the model tells apart. */
function checkClassNames(names: readonly string[] | undefined, task: Task, path: string): void {
  const classes = task.kind === "classes" ? task.classes : 0;
  if (!names || names.length === classes) return;
  const expected = classes > 0 ? `${classes}, one for every class` : "none, because the model is asked for numbers";
  refuse(EXIT.usage, `${path}: classes holds ${names.length} names`, expected);
}

/** Trains; what is refused before the first step is the config's or the data's fault, the rest happened while running. */
async function fitModel(
  model: Model,
  { x, y }: Pick<Samples, "x" | "y">,
  path: string,
  options: FitOptions,
): Promise<Pick<Trained, "engine" | "batchSize" | "trainSamples" | "steps"> & { history: History }> {
  const seen = { engine: "", batchSize: 0, trainSamples: 0, steps: 0 };
  const observer: Callback = {
    onTrainBegin({ training }) {
      const { engine, engineReason } = training;
      seen.engine = engineReason.startsWith(engine) ? engineReason : `${engine} (${engineReason})`;
      seen.batchSize = training.batchSize;
      seen.trainSamples = training.samples ?? 0;
    },
    onTrainEnd({ training }) {
      seen.steps = training.step;
    },
  };
  try {
    const history = await model.fit(x, y, { ...options, callbacks: [observer, ...(options.callbacks ?? [])] });
    return { history, ...seen };
  } catch (error) {
    const begun = seen.batchSize > 0;
    return part(begun ? EXIT.failed : EXIT.usage, () => Promise.reject(error), begun ? undefined : path);
  }
}

function outputFolder({ config, folder, stem }: LoadedConfig, { output }: TrainingArguments): string {
  if (output !== undefined) return resolve(output);
  return config.output === undefined ? resolve("runs", stem) : fromFolder(folder, config.output);
}

function sourceName({ config: { data }, path }: LoadedConfig): string {
  if (typeof data === "string") return isTextFile({ path: data }) ? data : `the source "${data}"`;
  if (typeof data === "object" && data !== null && "path" in data) return String(data.path);
  return typeof data === "function" ? `data() of ${path}` : path;
}
