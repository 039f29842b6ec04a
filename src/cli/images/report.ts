import type { TableScores } from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { formatMetric, formatSeconds, groupDigits, scoreTitle } from "../format.ts";
import type { Highlight, Miss, Mistake, Report, ReportSection, ReportTable } from "../report/index.ts";
import { confusionMatrix } from "../scores.ts";
import {
  calibration,
  constantName,
  epochsOf,
  labelsSection,
  residuals,
  stopWords,
  sureness,
  taskName,
  thresholds,
} from "../tabular/report.ts";
import type { ReadImages } from "./read.ts";
import type { ImagePlan } from "./rules.ts";
import { countsByPart, type ImageParts } from "./split.ts";
import type { TrainedImages } from "./training.ts";

/** What a training of images came to. */
export interface ImagesResult {
  readonly images: ReadImages;
  readonly parts: ImageParts;
  readonly plan: ImagePlan;
  readonly trained: TrainedImages;
  readonly source: string;
  /** Of the model, on the test part: numbers, or probabilities [images, classes]; and the numbers, likeliest classes or likely labels. */
  readonly output: Float32Array;
  readonly answers: Float32Array | Int32Array;
  /** The truth of the test part. */
  readonly y: Float32Array;
  readonly scores: { readonly model: TableScores; readonly linear: TableScores; readonly constant: TableScores };
  readonly mistakes: readonly (Mistake | Miss)[];
  readonly seed: number;
  /** What it ran with. */
  readonly facts: Readonly<Record<string, string | number>>;
}

const MOST_CLASSES = 40;

/** The report of a training of images. */
export function imagesReport(result: ImagesResult): Report {
  const { images, parts, trained, source, y, output, answers } = result;
  const [train, validation, tested] = [parts.train, parts.validation, parts.test].map(({ length }) =>
    groupDigits(length),
  );
  const { task, classes, name } = images.target;
  const isFew = task === "multi-class" && classes.length <= MOST_CLASSES;
  return {
    title: source.split(/[\\/]/).filter(Boolean).at(-1) ?? source,
    subtitle: `${describeTarget(images.target)}. Trained on ${train} images, watched on ${validation}, tested on ${tested} others.`,
    highlights: imagesHighlights(result),
    history: numbersOnly(trained.history.history),
    ...(isFew && { confusion: confusionMatrix(y, answers, classes.length), classNames: classes }),
    ...(task === "regression" && { regression: { actual: y, predicted: output, name } }),
    countedOn: `${tested} test images`,
    mistakes: result.mistakes,
    lead: [{ title: "Against simple answers", tables: [comparisonTable(result)] }],
    sections: [...answerSections(result), data(result), cleaning(result)],
    modelSummary: trained.model.summary(),
    facts: factsOf(result),
  };
}

/** What there is to do, and why. */
export function describeTarget({ task, name, reason, classes }: ReadImages["target"]): string {
  if (task === "multi-class") return `Images of ${classes.length} classes`;
  return `${taskName(task)} of images: ${name} (${reason})`;
}

/** How far the answers can be trusted. */
function answerSections({ images, y, output, answers }: ImagesResult): ReportSection[] {
  const { task, classes } = images.target;
  if (task === "regression") return [residuals(y, output)];
  if (task === "multi-label") return [labelsSection(y, output, classes)];
  if (classes.length > 2) return [sureness(y, output, Int32Array.from(answers))];
  return [calibration(y, secondOf(output), classes), thresholds(y, secondOf(output), classes)];
}

/** The figures to see first. */
export function imagesHighlights({ scores, trained }: ImagesResult): Highlight[] {
  return [
    ...Object.entries(scores.model).map(([name, value]) => ({
      label: `Test ${scoreTitle(name)}`,
      value: formatMetric(name, value),
    })),
    { label: "Training time", value: formatSeconds(trained.history.seconds) },
  ];
}

/** Rows of model, linear model and constant answer. */
export function comparisonTable({ images, trained, scores }: ImagesResult): ReportTable {
  const names = Object.keys(scores.model);
  const row = (name: string, values: TableScores) => [
    name,
    ...names.map((metric) => formatMetric(metric, values[metric] ?? Number.NaN)),
  ];
  return {
    caption: "On the test part, which no model has seen. The linear model weighs every pixel for every answer.",
    columns: ["", ...names.map(scoreTitle)],
    rows: [
      row(`this model${trained.chosen === "linear" ? " (linear)" : ""}`, scores.model),
      row("a linear model", scores.linear),
      row(constantName(images.target.task), scores.constant),
    ],
  };
}

/** Probabilities of the second of two classes. */
export function secondOf(output: Float32Array): Float32Array {
  return Float32Array.from({ length: output.length / 2 }, (_, i) => output[2 * i + 1] as number);
}

function data({ images, parts }: ImagesResult): ReportSection {
  const [height, width] = images.original;
  const [high, wide] = images.reading.size;
  const colors = images.reading.channels === 1 ? "gray" : "in color";
  const resized =
    height === high && width === wide
      ? `All are read as ${high} x ${wide} pixels, ${colors}.`
      : `Most are near ${height} x ${width} pixels (height x width); all are read as ${high} x ${wide}, ${colors}${
          images.reading.fit === "cover" ? ", cut from the middle" : ""
        }.`;
  if (images.target.task === "regression") return { title: "The data", note: resized, tables: [] };
  const rows = countsByPart(images, parts);
  const isLabels = images.target.task === "multi-label";
  const all: ReportTable = {
    caption: `Images ${isLabels ? "with each label" : "of each class"}, by what they were used for.`,
    columns: [isLabels ? "label" : "class", "to train", "to watch", "to test"],
    rows: rows.map(([name = "", ...counts]) => [name, ...counts.map((count) => groupDigits(Number(count)))]),
  };
  return { title: "The data", note: resized, tables: [all] };
}

function cleaning({ images: { findings } }: ImagesResult): ReportSection {
  const rows = findings.map(({ kind, text }) => [kind === "warning" ? "warning" : "cleaned", text]);
  return rows.length === 0
    ? { title: "Cleaning", note: "Every image could be read, and none is an exact copy of another.", tables: [] }
    : {
        title: "Cleaning",
        tables: [
          { caption: "Images that were left out, and what to beware of.", columns: ["", "what"], rows, words: true },
        ],
      };
}

function factsOf({ source, plan, trained, seed, facts }: ImagesResult): Record<string, string | number> {
  const { history, chosen } = trained;
  return {
    data: source,
    model:
      chosen === "network"
        ? `convolutions in stages of ${plan.filters.join(", ")} filters`
        : "linear: the network was no better on the validation part",
    augmentation:
      chosen === "network" && plan.augment.length > 0 ? plan.augment.map(({ kind }) => kind).join(", ") : "none",
    "stopped by": stopWords(history),
    epochs: epochsOf(history),
    "batch size": plan.batchSize,
    "learning rate": plan.learningRate,
    seed,
    "training time": formatSeconds(history.seconds),
    ...facts,
  };
}

function numbersOnly(history: Readonly<Record<string, readonly unknown[]>>): Record<string, number[]> {
  const curves = Object.entries(history).filter(([, values]) => values.every((value) => typeof value === "number"));
  return Object.fromEntries(curves) as Record<string, number[]>;
}

/** The same as a sentence for the terminal: how the model is made. */
export function describePlan(plan: ImagePlan, model: Model): string {
  const [height, width] = plan.size;
  const stages = `${plan.filters.length} stages of ${plan.filters.join(", ")} filters`;
  const changes = plan.augment.length > 0 ? plan.augment.map(({ kind }) => kind).join(", ") : "none";
  return [
    `Read as ${height} x ${width} x ${plan.channels}; network of ${stages}, ${groupDigits(model.lengths.parameters)} weights`,
    `Batches of ${plan.batchSize}, at most ${plan.epochs} epochs, patience ${plan.patience}; augmentation: ${changes}`,
  ].join("\n");
}
