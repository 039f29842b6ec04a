import { basename, join, resolve } from "node:path";
import type { DenseArray } from "../../data/index.ts";
import { constantAnswers, scoresOf, type TableScores } from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { here } from "../data/files.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { groupDigits } from "../format.ts";
import { type Mistake, writeReport } from "../report/index.ts";
import { environmentOf } from "../runs/environment.ts";
import { recorded } from "../runs/record.ts";
import { classScores, confusionMatrix } from "../scores.ts";
import { paint, table as textTable } from "../terminal/index.ts";
import { openCheckpoints } from "../training/checkpoints.ts";
import { openEngine } from "../training/engine.ts";
import { recordCallbacks, recordOptions, type TrainingArguments } from "../training/records.ts";
import { answersOf } from "../training/task.ts";
import { openOutput } from "../training/write.ts";
import { VERSION } from "../version.ts";
import { trainingCode } from "./code.ts";
import { stackOf } from "./layers.ts";
import { type ImageParts, labelsOf, type ReadImages, readImages, splitImages } from "./read.ts";
import { comparisonTable, describePlan, type ImagesResult, imagesReport, secondOf } from "./report.ts";
import { networkLayers, planImages } from "./rules.ts";
import { trainImages } from "./training.ts";

/** Options of `descent train FOLDER`. */
export interface TrainImagesArguments extends TrainingArguments {
  labels?: string;
  target?: string[];
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
    const plan = planImages(images.reading, parts.train.length, { augment, epochs });
    const [train, validation, test] = [parts.train, parts.validation, parts.test].map(({ length }) =>
      groupDigits(length),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(
      `${images.classes.length} classes, ${groupDigits(images.paths.length)} images of ${source}, read in ${seconds} s`,
    );
    say(`Images: ${train} to train, ${validation} to watch, ${test} to test`);
    say(describePlan(plan, stackOf(networkLayers(plan, images.classes.length), seed)));
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
    const code = { images, plan, trained, folder, source, labels, testSize, seed };
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

/** Probabilities [images, classes], 256 images at a time. */
export async function outputOf(model: Model, images: ReadImages["dataset"]): Promise<Float32Array> {
  return Float32Array.from(await (await model.predict(images.batch(256))).data());
}

async function resultOf(
  known: Pick<ImagesResult, "images" | "parts" | "plan" | "trained" | "source" | "seed">,
): Promise<ImagesResult> {
  const { images, parts, trained } = known;
  const test = images.dataset.select(parts.test);
  const y = labelsAt(images, parts.test);
  const output = await outputOf(trained.model, test);
  const linear = trained.chosen === "linear" ? output : await outputOf(trained.linear, test);
  const classes = images.classes.length;
  const constant = constantAnswers("multi-class", labelsAt(images, parts.train), y.length, classes);
  const { classes: answers, probabilities } = answersOf(output, y.length);
  const { descent, node, processor, threads } = environmentOf();
  return {
    ...known,
    output,
    answers,
    y,
    scores: {
      model: scores(y, output, classes),
      linear: scores(y, linear, classes),
      constant: scores(y, constant, classes),
    },
    mistakes: await mistakesOf(images, parts, answers, probabilities),
    facts: { engine: trained.history.engine, Descent: descent, Node: node, processor, threads },
  };
}

function labelsAt({ labels }: ReadImages, rows: readonly number[]): Float32Array {
  return Float32Array.from(rows, (row) => labels[row] as number);
}

/** Of two classes, the area under the curve and the Brier score besides. */
export function scores(y: Float32Array, output: Float32Array, classes: number): TableScores {
  return classes === 2 ? scoresOf("binary", y, secondOf(output)) : scoresOf("multi-class", y, output);
}

/** The wrong answers that the model was surest of, as pictures. */
async function mistakesOf(
  images: ReadImages,
  { test }: ImageParts,
  answers: Int32Array,
  probabilities: Float32Array,
): Promise<Mistake[]> {
  const wrong = [...test.keys()].filter((place) => answers[place] !== images.labels[test[place] as number]);
  wrong.sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  const shown = wrong.slice(0, MOST_MISTAKES);
  const rows = shown.map((place) => test[place] as number);
  const batch = rows.length > 0 ? await images.dataset.flow.gather?.(rows, 0) : undefined;
  const x = batch?.["x"] as DenseArray | undefined;
  if (!x) return [];
  const [, ...shape] = x.shape;
  const size = x.data.length / rows.length;
  return shown.map((place, i) => ({
    pixels: (x.data as Uint8Array).subarray(i * size, (i + 1) * size),
    shape,
    label: images.labels[rows[i] as number] as number,
    prediction: answers[place] as number,
    probability: probabilities[place] as number,
  }));
}

async function writeAll(folder: string, result: ImagesResult, code: string): Promise<void> {
  const { images, parts, plan, trained, output, answers, y, scores: found, seed } = result;
  const { classes, reading } = images;
  const { size, channels, fit } = reading;
  const preprocessing = { images: { size: [...size], channels, fit } };
  await trained.model.save(join(folder, "model"), { preprocessing, labels: [...classes] });
  const confusion = confusionMatrix(y, answers, classes.length);
  const metrics = {
    descent: VERSION,
    data: result.source,
    task: "images",
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
    confusion,
    perClass: classScores(confusion),
    history: trained.history.history,
  };
  await writeFileAtomic(join(folder, "metrics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
  await writeReport(join(folder, "report.html"), imagesReport(result));
  const names = classes as string[];
  const rows = parts.test.map((row, i) => [
    images.paths[row] ?? "",
    names[y[i] as number] ?? "",
    names[answers[i] as number] ?? "",
    ...[...output.subarray(i * names.length, (i + 1) * names.length)].map((p) => Number(p.toPrecision(9))),
  ]);
  const titles = ["path", "class", "predicted", ...names.map((name) => `p(${name})`)];
  await writeFileAtomic(join(folder, "predictions.csv"), writeCsv(titles, rows));
  await writeFileAtomic(join(folder, "train.ts"), code);
}
