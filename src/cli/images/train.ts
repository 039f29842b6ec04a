import { basename, join, resolve } from "node:path";
import type { DenseArray } from "../../data/index.ts";
import { answersOf, constantAnswers, labelScores, scoresOf, type TableScores } from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { here } from "../data/files.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { formatNumber, groupDigits } from "../format.ts";
import { type Miss, type Mistake, writeReport } from "../report/index.ts";
import { environmentOf } from "../runs/environment.ts";
import { recorded } from "../runs/record.ts";
import { classScores, confusionMatrix } from "../scores.ts";
import { chanceTitles, valueCell, worstRows } from "../tabular/answers.ts";
import { paint, table as textTable } from "../terminal/index.ts";
import { openCheckpoints } from "../training/checkpoints.ts";
import { openEngine } from "../training/engine.ts";
import { recordCallbacks, recordOptions, type TrainingArguments } from "../training/records.ts";
import { openOutput } from "../training/write.ts";
import { VERSION } from "../version.ts";
import { trainingCode } from "./code.ts";
import { labelsOf } from "./labels.ts";
import { stackOf } from "./layers.ts";
import { type ReadImages, readImages } from "./read.ts";
import { comparisonTable, describePlan, describeTarget, type ImagesResult, imagesReport, secondOf } from "./report.ts";
import { networkLayers, planImages } from "./rules.ts";
import { type ImageParts, splitImages } from "./split.ts";
import { type ImageTarget, momentsOf, targetsAt, widthOf } from "./target.ts";
import { trainImages } from "./training.ts";

/** Options of `descent train FOLDER`. */
export interface TrainImagesArguments extends TrainingArguments {
  labels?: string;
  target?: string[];
  task?: string;
  path?: string;
  size?: number;
  augment?: boolean;
  testSize?: number;
  balance?: boolean;
  memory?: number;
}

const TEST_SIZE = 0.2;
const MEMORY = 1024;
/** Pictures of the report. */
const MOST_MISTAKES = 24;

/** `descent train FOLDER`: a folder of images in, a trained, tested and explained model out. */
export async function trainImagesCommand(source: string, options: TrainImagesArguments): Promise<ExitCode> {
  const { seed = 0, testSize = TEST_SIZE, memory = MEMORY, balance = false, resume = false } = options;
  const labels = labelsOf(options);
  const folder = resolve(options.output ?? join("runs", basename(resolve(source))));
  const { size, epochs } = options;
  const augment = options.augment === false ? false : undefined; // as the rules say
  if (size !== undefined && (size < 8 || size > 1024)) refuse(EXIT.usage, `--size is ${size}`, "8 to 1024 pixels");
  await openEngine();
  await openOutput(folder);
  const checkpoints = await openCheckpoints(folder, resume);
  const settings = { labels, size, augment, testSize, balance, epochs, precision: options.precision };
  return recorded(folder, { kind: "images", source: here(resolve(source)), seed, settings }, resume, async () => {
    const say = options.quiet ? () => undefined : console.log;
    const started = performance.now();
    const images = await readImages(source, labels, memory, size);
    const parts = splitImages(images, testSize, seed);
    const { target } = images;
    if (balance && target.task !== "multi-class")
      refuse(EXIT.usage, `--balance was given for ${target.task}`, "classes, of which each image has one");
    const plan = planImages(images.reading, parts.train.length, { augment, epochs });
    const [train, validation, test] = [parts.train, parts.validation, parts.test].map(({ length }) =>
      groupDigits(length),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const what = target.task === "multi-class" ? `${target.classes.length} classes` : describeTarget(target);
    say(`${what}, ${groupDigits(images.paths.length)} images of ${source}, read in ${seconds} s`);
    const by = images.given ? "; the folders' names say which are for what" : "";
    say(`Images: ${train} to train, ${validation} to watch, ${test} to test${by}`);
    say(describePlan(plan, stackOf(networkLayers(plan, { ...target, ...momentsOf(target, parts.train) }), seed)));
    if (!images.inMemory) say(`They take more than ${groupDigits(memory)} MB, so they are decoded anew in every epoch`);
    for (const { kind, text } of images.findings)
      say(kind === "warning" ? `${paint("Warning:", "yellow")} ${text}` : text);
    const callbacks = await part(EXIT.usage, () =>
      recordCallbacks(recordOptions(options), { name: basename(folder), parameters: { source, seed, ...plan } }),
    );
    const trained = await part(EXIT.failed, () =>
      trainImages(images, parts, plan, {
        seed,
        balance,
        precision: options.precision,
        checkpoint: checkpoints.of,
        fit: { callbacks, ...(options.quiet && { verbose: 0 }) },
      }),
    );
    if (!trained) {
      say("Go on with the same command and --resume");
      return EXIT.interrupted;
    }
    const result = await resultOf({ images, parts, plan, trained, source, seed });
    const code = { images, parts, plan, trained, folder, source, labels, testSize, seed };
    await writeAll(folder, result, trainingCode(code));
    await checkpoints.remove();
    const { columns, rows } = comparisonTable(result);
    const titles = columns.map((title, i) => ({ title, ...(i === 0 && { align: "left" as const }) }));
    console.log(`\n${textTable({ columns: titles, rows })}\n`);
    for (const name of ["model", "metrics.json", "report.html", "predictions.csv", "train.ts"])
      say(`Wrote ${paint(here(join(folder, name)), "cyan")}`);
    return EXIT.ok;
  });
}

/** Numbers, or probabilities [images, classes], 256 images at a time. */
export async function outputOf(model: Model, images: ReadImages["dataset"]): Promise<Float32Array> {
  return Float32Array.from(await (await model.predict(images.batch(256))).data());
}

async function resultOf(
  known: Pick<ImagesResult, "images" | "parts" | "plan" | "trained" | "source" | "seed">,
): Promise<ImagesResult> {
  const { images, parts, trained } = known;
  const test = images.dataset.select(parts.test);
  const { target } = images;
  const y = targetsAt(target, parts.test);
  const output = await outputOf(trained.model, test);
  const linear = trained.chosen === "linear" ? output : await outputOf(trained.linear, test);
  const rows = parts.test.length;
  const constant = constantAnswers(target.task, targetsAt(target, parts.train), rows, target.classes.length);
  const { descent, node, processor, threads } = environmentOf();
  return {
    ...known,
    output,
    answers: answersTo(target, output, rows),
    y,
    scores: {
      model: scores(target, y, output),
      linear: scores(target, y, linear),
      constant: scores(target, y, constant),
    },
    mistakes: await mistakesOf(images, parts, y, output),
    facts: { engine: trained.history.engine, Descent: descent, Node: node, processor, threads },
  };
}

/** What a model's outputs say: numbers, the likeliest classes, or 1 and 0 for each label. */
export function answersTo(
  { task }: Pick<ImageTarget, "task">,
  output: Float32Array,
  rows: number,
): Float32Array | Int32Array {
  return task === "regression" ? output : answersOf(task, output, rows);
}

/** Of two classes, the area under the curve and the Brier score besides. */
export function scores(
  { task, classes }: Pick<ImageTarget, "task" | "classes">,
  y: Float32Array,
  output: Float32Array,
): TableScores {
  const isPair = task === "multi-class" && classes.length === 2;
  return isPair ? scoresOf("binary", y, secondOf(output)) : scoresOf(task, y, output, classes.length);
}

/** The answers that are most wrong, or wrong and surest, as pictures. */
async function mistakesOf(
  images: ReadImages,
  { test }: ImageParts,
  y: Float32Array,
  output: Float32Array,
): Promise<(Mistake | Miss)[]> {
  const { target } = images;
  const shown = worstRows(target.task, y, output, test.length, MOST_MISTAKES);
  const rows = shown.map((place) => test[place] as number);
  const batch = rows.length > 0 ? await images.dataset.flow.gather?.(rows, 0) : undefined;
  const x = batch?.["x"] as DenseArray | undefined;
  if (!x) return [];
  const [, ...shape] = x.shape;
  const size = x.data.length / rows.length;
  const answers = answersTo(target, output, test.length);
  return shown.map((place, i) => ({
    pixels: (x.data as Uint8Array).subarray(i * size, (i + 1) * size),
    shape,
    ...mistakeAt(target, place, y, output, answers),
  }));
}

/** What is true of an image, what was answered, and how wrong that is. */
function mistakeAt(
  target: ImageTarget,
  place: number,
  y: Float32Array,
  output: Float32Array,
  answers: Float32Array | Int32Array,
) {
  if (target.task === "regression") {
    const [label = 0, prediction = 0] = [y[place], output[place]];
    const error = `by ${formatNumber(Math.abs(label - prediction))}`;
    return { label: formatNumber(label), prediction: formatNumber(prediction), error };
  }
  if (target.task === "multi-class") {
    const [label = 0, prediction = 0] = [y[place], answers[place]];
    return { label, prediction, probability: output[place * target.classes.length + prediction] as number };
  }
  const width = widthOf(target);
  const wrong = target.classes.filter((_, i) => y[place * width + i] !== answers[place * width + i]).length;
  const named = (values: Float32Array | Int32Array) => String(valueCell(target, values, place)) || "none";
  return { label: named(y), prediction: named(answers), error: `${wrong} of ${width} wrong` };
}

/** An answer as cells of a line: its value, then probabilities. Nine digits are enough to read a float32 back exactly. */
export function answerCells(
  target: Pick<ImageTarget, "task" | "classes">,
  answers: Float32Array | Int32Array,
  output: Float32Array,
  row: number,
): (string | number)[] {
  const tidy = (value: number) => Number(value.toPrecision(9));
  const value = valueCell(target, answers, row);
  if (target.task === "regression") return [tidy(Number(value))];
  const size = target.classes.length;
  return [value, ...[...output.subarray(row * size, (row + 1) * size)].map(tidy)];
}

async function writeAll(folder: string, result: ImagesResult, code: string): Promise<void> {
  const { images, parts, plan, trained, output, answers, y, scores: found, seed } = result;
  const { target, reading } = images;
  const { task, classes, meaning } = target;
  const { size, channels, fit } = reading;
  const told = meaning && { target: JSON.parse(JSON.stringify(meaning)) };
  const preprocessing = { images: { size: [...size], channels, fit }, ...told };
  await trained.model.save(join(folder, "model"), {
    preprocessing,
    labels: task === "regression" ? null : [...classes],
  });
  const confusion = task === "multi-class" ? confusionMatrix(y, answers, classes.length) : undefined;
  const metrics = {
    descent: VERSION,
    data: result.source,
    task: "images",
    target: { name: target.name, task, because: target.reason },
    classes,
    seed,
    images: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    test: found.model,
    baselines: { constant: found.constant, linear: found.linear },
    chosen: trained.chosen,
    plan,
    validationLoss: trained.losses,
    epochs: trained.history.epochs.length,
    seconds: trained.history.seconds,
    stopped: trained.history.reason,
    findings: images.findings,
    ...(confusion && { confusion, perClass: classScores(confusion) }),
    ...(task === "multi-label" && { labels: labelScores(y, output, classes) }),
    history: trained.history.history,
  };
  await writeFileAtomic(join(folder, "metrics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
  await writeReport(join(folder, "report.html"), imagesReport(result));
  const rows = parts.test.map((row, i) => [
    images.paths[row] ?? "",
    valueCell(target, y, i),
    ...answerCells(target, answers, output, i),
  ]);
  const titles = ["path", target.name, "predicted", ...chanceTitles(target)];
  await writeFileAtomic(join(folder, "predictions.csv"), writeCsv(titles, rows));
  await writeFileAtomic(join(folder, "train.ts"), code);
}
