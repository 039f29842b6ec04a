import { stat } from "node:fs/promises";
import { basename, extname, relative, resolve } from "node:path";
import { type Dataset, fromImages, type ImageNames, type ImageOptions } from "../../data/index.ts";
import { isKnown, isTargetMeaning, labelScores, readKnownTarget, type TargetMeaning } from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { EXIT, type ExitCode, part, reasonOf, refuse } from "../exit.ts";
import { formatMetric, groupDigits, scoreTitle } from "../format.ts";
import { classScores, confusionMatrix } from "../scores.ts";
import { chanceTitles } from "../tabular/answers.ts";
import { labelsTable } from "../tabular/use.ts";
import { describeOutcome } from "../training/show.ts";
import { imageNames, type Labels } from "./labels.ts";
import { type ImageTarget, targetsAt } from "./target.ts";
import { answerCells, answersTo, outputOf, scores } from "./train.ts";

/** A model that was trained on images: how it reads them, and what it says of them. */
export interface ImageModel {
  readonly model: Model;
  readonly reading: ImageOptions;
  readonly target: Pick<ImageTarget, "task" | "name" | "classes">;
  /** How a table tells the target; undefined for classes. */
  readonly meaning?: TargetMeaning;
}

/** The model with its way of reading, when it was trained on images. */
export function imageModelOf(model: Model): ImageModel | undefined {
  const { preprocessing, labels } = model.facts;
  const { images, target: meaning } = (preprocessing ?? {}) as { images?: ImageOptions; target?: unknown };
  if (!images) return undefined;
  if (isTargetMeaning(meaning)) {
    const { task, name, classes } = meaning;
    if (task === "regression" || task === "multi-label")
      return { model, reading: images, target: { task, name, classes }, meaning };
  }
  return labels
    ? { model, reading: images, target: { task: "multi-class", name: "class", classes: labels } }
    : undefined;
}

/** `descent predict` for a model of images: a line for every image of a folder, or of its folders; or one image. */
export async function predictImages(image: ImageModel, source: string, output: string | undefined): Promise<ExitCode> {
  const { dataset, paths } = await opened(image, source, {});
  const answers = await part(EXIT.data, () => outputOf(image.model, dataset));
  const { target } = image;
  const values = answersTo(target, answers, paths.length);
  const home = resolve(source);
  const rows = paths.map((path, i) => {
    const name = resolve(path) === home ? basename(path) : relative(home, path);
    return [name, ...answerCells(target, values, answers, i)];
  });
  const titles = ["path", target.name, ...chanceTitles(target)];
  const isJson = output !== undefined && extname(output).toLowerCase() === ".json";
  const text = isJson
    ? `${JSON.stringify(rows.map((row) => Object.fromEntries(titles.map((title, i) => [title, row[i]]))))}\n`
    : writeCsv(titles, rows);
  if (output === undefined) {
    process.stdout.write(text);
    return EXIT.ok;
  }
  await writeFileAtomic(output, text).catch((error: unknown) =>
    refuse(EXIT.failed, `${output} could not be written: ${reasonOf(error)}`),
  );
  console.log(`Wrote ${groupDigits(rows.length)} predictions to ${output}`);
  return EXIT.ok;
}

/** `descent evaluate` for a model of images: folders of classes, or a table that names them, or the numbers or labels. */
export async function evaluateImages(
  image: ImageModel,
  source: string,
  labels: Labels,
  json: boolean,
): Promise<ExitCode> {
  const { target } = image;
  const { dataset, y, left } = await (image.meaning
    ? knownTargets(image, image.meaning, source, labels)
    : knownClasses(image, source, labels));
  const output = await part(EXIT.data, () => outputOf(image.model, dataset));
  const { task, classes } = target;
  const samples = task === "multi-label" ? y.length / classes.length : y.length;
  const confusion =
    task === "multi-class" ? confusionMatrix(y, answersTo(target, output, samples), classes.length) : undefined;
  const found = scores(target, y, output);
  const each = task === "multi-label" ? labelScores(y, output, classes) : undefined;
  if (json) {
    const perClass = confusion && classScores(confusion);
    console.log(JSON.stringify({ samples, left, ...found, confusion, perClass, labels: each }, null, 2));
    return EXIT.ok;
  }
  const why = image.meaning ? "without a known answer" : "of classes that the model does not know";
  const unknown = left > 0 ? `; ${groupDigits(left)} ${why} are left out` : "";
  console.log(`Data: ${groupDigits(samples)} images of ${source}${unknown}`);
  const highlights = Object.entries(found).map(([name, value]) => ({
    label: scoreTitle(name),
    value: formatMetric(name, value),
  }));
  const outcome = { samples, metrics: found, ...(confusion && { confusion }) };
  console.log(describeOutcome(highlights, outcome, classes).trimEnd());
  if (each) console.log(`\n${labelsTable(each)}`);
  return EXIT.ok;
}

/** Images with the truth of them, and how many are left out. */
interface KnownImages {
  readonly dataset: Dataset;
  readonly y: Float32Array;
  readonly left: number;
}

/** Images of the classes that the model knows. */
async function knownClasses(image: ImageModel, source: string, labels: Labels): Promise<KnownImages> {
  const own = image.target.classes;
  const { dataset, labels: numbers, classes } = await opened(image, source, imageNames(labels, true));
  if (!numbers) refuse(EXIT.data, `${source} has no folders of classes`, "a folder for each class, or --labels TABLE");
  const known = classes.map((name) => own.indexOf(name));
  const rows = [...numbers.keys()].filter((row) => (known[numbers[row] as number] ?? -1) >= 0);
  if (rows.length === 0) refuse(EXIT.data, `${source} has none of the model's classes`, own.join(", "));
  const y = Float32Array.from(rows, (row) => known[numbers[row] as number] as number);
  return { dataset: dataset.select(rows), y, left: numbers.length - rows.length };
}

/** Images whose numbers or labels a table tells. */
async function knownTargets(
  image: ImageModel,
  meaning: TargetMeaning,
  source: string,
  labels: Labels,
): Promise<KnownImages> {
  const { table, targets } = labels;
  if (table === undefined)
    refuse(EXIT.usage, `the model tells "${meaning.name}" of images`, "--labels TABLE, with what is true of them");
  const { dataset, paths } = await opened(image, source, imageNames(labels, false));
  const names = targets.length > 0 ? targets : undefined;
  const y = await part(EXIT.data, () => readKnownTarget(table, meaning, names));
  const rows = [...paths.keys()].filter((row) => isKnown(y, meaning, row));
  if (rows.length === 0) refuse(EXIT.data, `${table} has no row with a known "${meaning.name}"`, "the target's column");
  return {
    dataset: dataset.select(rows),
    y: targetsAt({ ...image.target, y }, rows),
    left: paths.length - rows.length,
  };
}

/** The images of a folder, of its folders, of a table, or one image alone. */
async function opened({ reading }: ImageModel, source: string, names: ImageNames) {
  const found = await stat(source).catch(() => undefined);
  if (!found) refuse(EXIT.data, `there is no folder ${source}`, "a folder of images, or an image");
  return part(EXIT.data, () => fromImages(source, { ...reading, ...names }));
}
