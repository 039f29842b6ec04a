import { stat } from "node:fs/promises";
import { basename, extname, relative, resolve } from "node:path";
import { fromImages, type ImageOptions } from "../../data/index.ts";
import type { Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { EXIT, type ExitCode, part, reasonOf, refuse } from "../exit.ts";
import { formatMetric, groupDigits, metricTitle } from "../format.ts";
import { classScores, confusionMatrix } from "../scores.ts";
import { describeOutcome } from "../training/show.ts";
import { answersOf } from "../training/task.ts";
import type { Labels } from "./read.ts";
import { outputOf, scores } from "./train.ts";

/** A model that was trained on images: how it reads them, and what its classes are called. */
export interface ImageModel {
  readonly model: Model;
  readonly reading: ImageOptions;
  readonly classes: readonly string[];
}

/** The model with its way of reading, when it was trained on images. */
export function imageModelOf(model: Model): ImageModel | undefined {
  const { preprocessing, labels } = model.facts;
  const { images } = (preprocessing ?? {}) as { images?: ImageOptions };
  return images && labels ? { model, reading: images, classes: labels } : undefined;
}

/** `descent predict` for a model of images: a line for every image of a folder, or of its folders; or one image. */
export async function predictImages(image: ImageModel, source: string, output: string | undefined): Promise<ExitCode> {
  const { dataset, paths } = await opened(image, source, {});
  const answers = await part(EXIT.data, () => outputOf(image.model, dataset));
  const { classes } = answersOf(answers, paths.length);
  const size = image.classes.length;
  // Nine digits are enough to read a float32 back exactly.
  const tidy = (value: number) => Number(value.toPrecision(9));
  const home = resolve(source);
  const rows = paths.map((path, i) => {
    const name = resolve(path) === home ? basename(path) : relative(home, path);
    const shares = [...answers.subarray(i * size, (i + 1) * size)].map(tidy);
    return [name, image.classes[classes[i] as number] ?? "", ...shares];
  });
  const titles = ["path", "class", ...image.classes.map((name) => `p(${name})`)];
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

/** `descent evaluate` for a model of images: folders of classes, or a table that names them. */
export async function evaluateImages(
  image: ImageModel,
  source: string,
  labels: Labels,
  json: boolean,
): Promise<ExitCode> {
  const { dataset, labels: numbers, classes } = await opened(image, source, labels);
  if (!numbers) refuse(EXIT.data, `${source} has no folders of classes`, "a folder for each class, or --labels TABLE");
  const known = classes.map((name) => image.classes.indexOf(name));
  const rows = [...numbers.keys()].filter((row) => (known[numbers[row] as number] ?? -1) >= 0);
  if (rows.length === 0) {
    refuse(EXIT.data, `${source} has none of the model's classes`, image.classes.join(", "));
  }
  const left = numbers.length - rows.length;
  const y = Float32Array.from(rows, (row) => known[numbers[row] as number] as number);
  const output = await part(EXIT.data, () => outputOf(image.model, dataset.select(rows)));
  const confusion = confusionMatrix(y, answersOf(output, rows.length).classes, image.classes.length);
  const found = scores(y, output, image.classes.length);
  if (json) {
    const perClass = classScores(confusion);
    console.log(JSON.stringify({ samples: rows.length, left, ...found, confusion, perClass }, null, 2));
    return EXIT.ok;
  }
  const unknown = left > 0 ? `; ${groupDigits(left)} of classes that the model does not know are left out` : "";
  console.log(`Data: ${groupDigits(rows.length)} images of ${source}${unknown}`);
  const highlights = Object.entries(found).map(([name, value]) => ({
    label: metricTitle(name),
    value: formatMetric(name, value),
  }));
  console.log(
    describeOutcome(highlights, { samples: rows.length, metrics: found, confusion }, image.classes).trimEnd(),
  );
  return EXIT.ok;
}

/** The images of a folder, of its folders, of a table, or one image alone. */
async function opened({ reading }: ImageModel, source: string, labels: Labels) {
  const found = await stat(source).catch(() => undefined);
  if (!found) refuse(EXIT.data, `there is no folder ${source}`, "a folder of images, or an image");
  return part(EXIT.data, () => fromImages(source, { ...reading, ...labels }));
}
