import { extname } from "node:path";
import { product } from "../../util/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import type { Dense } from "../data/dense.ts";
import { readInputFile } from "../data/samples.ts";
import { EXIT, type ExitCode, part, reasonOf, refuse } from "../exit.ts";
import { imageModelOf, predictImages } from "../images/use.ts";
import { refuseTableUse } from "../tabular/source.ts";
import { predictTable, tableModelOf } from "../tabular/use.ts";
import { applyScalers } from "../training/prepare.ts";
import { openModel, type SavedModel } from "../training/saved.ts";
import { answersOf, isDistribution } from "../training/task.ts";

export interface PredictOptions {
  output?: string;
  memory?: number;
}

/** `descent predict`: what a saved model answers to new data, as CSV or JSON. */
export async function predictCommand(folder: string, path: string, options: PredictOptions): Promise<ExitCode> {
  const { output, memory } = options;
  const ending = output === undefined ? ".csv" : extname(output).toLowerCase();
  if (ending !== ".csv" && ending !== ".json") {
    refuse(EXIT.usage, `--output ${output} is neither JSON nor CSV`, "a file that ends with .json or .csv");
  }
  const saved = await openModel(folder);
  const ofTable = tableModelOf(saved.model);
  if (ofTable) return predictTable(ofTable, path, { output, memory });
  refuseTableUse(path, memory);
  const ofImages = imageModelOf(saved.model);
  if (ofImages) return predictImages(ofImages, path, output);
  const x = await readInputFile(path, saved.columns);
  const answers = await part(EXIT.data, async () => {
    const prediction = await saved.model.predict(await applyScalers(saved.scalers, x));
    return { data: await prediction.data(), shape: prediction.shape };
  });
  const text = ending === ".json" ? toJson(answers, saved) : toCsv(answers, saved);
  if (output === undefined) {
    process.stdout.write(text);
    return EXIT.ok;
  }
  await writeFileAtomic(output, text).catch((error: unknown) =>
    refuse(EXIT.failed, `${output} could not be written: ${reasonOf(error)}`),
  );
  console.log(`Wrote ${answers.shape[0]} predictions to ${output}`);
  return EXIT.ok;
}

/** The class of every sample by name; undefined when the answers are no classes. */
function classesOf({ data, shape }: Dense, labels: readonly string[] | undefined): string[] | undefined {
  const [samples = 0, ...rest] = shape;
  const size = product(rest);
  const isClasses = labels ? labels.length === (size === 1 ? 2 : size) : size > 1 && allDistributions(data, size);
  if (!isClasses) return undefined;
  return [...answersOf(data, samples).classes].map((index) => labels?.[index] ?? String(index));
}

function allDistributions(data: ArrayLike<number>, size: number): boolean {
  for (let at = 0; at < data.length; at += size) {
    if (!isDistribution(Array.from({ length: size }, (_, i) => data[at + i] ?? 0))) return false;
  }
  return true;
}

function rowsOf({ data, shape }: Dense): number[][] {
  const size = product(shape.slice(1));
  // Nine digits are enough to read a float32 back exactly.
  const tidy = (value: number) => Number(value.toPrecision(9));
  return Array.from({ length: shape[0] ?? 0 }, (_, i) => [...data.subarray(i * size, (i + 1) * size)].map(tidy));
}

/** A class for its probability, a column of the training for its prediction. */
function outputName(
  i: number,
  size: number,
  isClass: boolean,
  { labels, columns }: Pick<SavedModel, "labels" | "columns">,
): string {
  if (isClass && size === 1) return labels?.[1] ?? "probability";
  if (isClass && labels) return labels[i] ?? String(i);
  if (columns?.target.length === size && !isClass) return columns.target[i] ?? "";
  return size === 1 ? "prediction" : `output${i}`;
}

function toCsv(answers: Dense, { labels, columns }: SavedModel): string {
  const rows = rowsOf(answers);
  const classes = classesOf(answers, labels);
  const size = rows[0]?.length ?? 1;
  const names = Array.from({ length: size }, (_, i) => outputName(i, size, classes !== undefined, { labels, columns }));
  if (!classes) return writeCsv(names, rows);
  return writeCsv(["class", ...names], rows.map((row, i) => [classes[i] ?? "", ...row])); // biome-ignore format: one line
}

function toJson(answers: Dense, { labels }: SavedModel): string {
  const classes = classesOf(answers, labels);
  const predictions = rowsOf(answers);
  return `${JSON.stringify({ shape: answers.shape, predictions, ...(classes && { classes }) })}\n`;
}
