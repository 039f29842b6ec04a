import { cpus } from "node:os";
import { isQuery } from "../../data/index.ts";
import {
  answersOf,
  type Importance,
  type ImportanceEffort,
  labelScores,
  learningRateOf,
  MAIN,
  type PartTruth,
  type PreparedTable,
  type TableScores,
  type TrainedTable,
} from "../../tabular/index.ts";
import type { History } from "../../train/index.ts";
import {
  fixed,
  formatCell,
  formatMetric,
  formatNumber,
  formatSeconds,
  groupDigits,
  metricTitle,
  percent,
  scoreTitle,
} from "../format.ts";
import type { Highlight, Report, ReportSection, ReportTable } from "../report/index.ts";
import { confusionMatrix } from "../scores.ts";
import { VERSION } from "../version.ts";

/** What a training of a table came to. */
export interface TableResult {
  readonly table: PreparedTable;
  readonly trained: TrainedTable;
  readonly test: PartTruth;
  /** Of the model, on the test part. */
  readonly output: Float32Array;
  readonly scores: { readonly model: TableScores; readonly linear: TableScores; readonly constant: TableScores };
  readonly importance: readonly Importance[];
  /** How many rows of the test part, drawn by chance, that was measured on, and by how many shuffles. */
  readonly effort: ImportanceEffort;
  /** Rows of the test part that it is most wrong about, with their values. */
  readonly worst: readonly { readonly place: number; readonly values: Record<string, unknown> }[];
  readonly seed: number;
}

const MOST_CLASSES = 30;

/** The report of a training of a table. */
export function tableReport(result: TableResult): Report {
  const { table, trained, test, output, seed } = result;
  const { target } = table.recipe;
  const tested = groupDigits(table.sizes[2]);
  const { history } = trained.history;
  const curves = Object.entries(history).filter(([, values]) => values.every((value) => typeof value === "number"));
  const isClasses = target.task !== "regression";
  const several = trained.histories.length > 1;
  const labels = answersOf(target.task, output, test.rows.length);
  const isSets = target.task === "multi-label";
  const classes = target.classes.length <= MOST_CLASSES ? target.classes : undefined;
  return {
    title: `${target.name}, from ${isQuery(table.file) ? "a query" : table.file.split(/[\\/]/).at(-1)}`,
    subtitle: `${taskName(target.task)} (${table.taskReason}). ${trainedOn(result)}, tested on ${tested} others.`,
    highlights: tableHighlights(result),
    history: Object.fromEntries(curves) as Record<string, number[]>,
    ...(isClasses &&
      !isSets &&
      classes && { confusion: confusionMatrix(test.y, labels, classes.length), classNames: classes }),
    countedOn: `${tested} test rows`,
    ...(!isClasses && { regression: { actual: test.y, predicted: output, name: target.name } }),
    lead: [comparison(result), ...warnings(table)],
    sections: [
      ...(target.task === "binary"
        ? [calibration(test.y, output, target.classes), thresholds(test.y, output, target.classes)]
        : []),
      ...(target.task === "multi-class" ? [sureness(test.y, output, labels)] : []),
      ...(isSets ? [labelsSection(test.y, output, target.classes)] : []),
      ...(isClasses ? [] : [residuals(test.y, output)]),
      importances(result),
      mistakes(result, labels),
      profile(table),
      cleaning(table),
    ],
    modelSummary: trained.model.summary(),
    facts: {
      data: table.file,
      rows: table.isStreamed
        ? "read from disk in every pass, shuffled within windows"
        : "in memory, shuffled in every epoch",
      model: modelWords(trained),
      ...(several && { "learning curves": "of the first network" }),
      "stopped by": stopWords(trained.history),
      epochs: several
        ? `${trained.histories.map(({ epochs }) => epochs.length).join(", ")}; the weights are those of each one's best`
        : epochsOf(trained.history),
      loss: metricTitle(trained.plan.loss),
      "batch size": trained.plan.batchSize,
      "learning rate": learningRateOf(trained.plan, trained.chosen),
      seed,
      "training time": formatSeconds(secondsOf(trained)),
      Descent: VERSION,
      Node: process.version,
      processor: cpus()[0]?.model.trim() || "unknown",
    },
  };
}

/** Which rows the networks learned from. */
function trainedOn({ table, trained }: TableResult): string {
  const [train, validation] = table.sizes;
  if (trained.histories.length > 1 && table.hasFolds)
    return `${countOf(trained)} trained on ${groupDigits(train + validation)} rows, each watched on another part of them`;
  return `Trained on ${groupDigits(train)} rows, watched on ${groupDigits(validation)}`;
}

/** What answers. */
function modelWords(trained: TrainedTable): string {
  const { chosen, plan, histories } = trained;
  const isSeveral = histories.length > 1;
  if (chosen === "linear") {
    return `${isSeveral ? `the mean of ${countOf(trained)}` : "linear"}: the network was no better on the validation rows`;
  }
  return `${isSeveral ? `the mean of ${countOf(trained)}; each: ` : ""}hidden layers of ${plan.hidden.join(" and ")} units beside a linear way`;
}

/** Several models, such as "10 linear models". */
function countOf({ chosen, histories }: TrainedTable): string {
  return `${histories.length} ${chosen === "linear" ? "linear models" : "networks"}`;
}

/** Of all networks together. */
export function secondsOf({ histories }: TrainedTable): number {
  return histories.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Why the training ended, for a reader. */
export function stopWords({ reason }: History): string {
  return reason === "epochs" ? "the number of epochs" : reason.replace(/^valLoss /, "validation loss ");
}

/** How many there were, and which one's weights are the model's: those with the lowest validation loss. */
export function epochsOf({ history, epochs }: History): string {
  const losses = (history["valLoss"] ?? []) as number[];
  const best = losses.indexOf(Math.min(...losses.filter(Number.isFinite)));
  const last = epochs.length;
  return best < 0 || best + 1 === last ? String(last) : `${last}; the weights are those of epoch ${best + 1}`;
}

/** The figures to see first. */
export function tableHighlights({ scores, trained }: TableResult): Highlight[] {
  return [
    ...Object.entries(scores.model).map(([name, value]) => ({
      label: `Test ${scoreTitle(name)}`,
      value: formatMetric(name, value),
    })),
    { label: "Training time", value: formatSeconds(secondsOf(trained)) },
  ];
}

export function taskName(task: string): string {
  return (
    { regression: "Regression", binary: "Two classes", "multi-class": "Several classes", "multi-label": "Labels" }[
      task
    ] ?? task
  );
}

/** The answer that is the same for every row. */
export function constantName(task: string): string {
  if (task === "regression") return "always the mean";
  return task === "multi-label" ? "always every label's share" : "always the most frequent class";
}

/** Rows of model, linear model and constant answer. */
export function comparisonTable({ table, trained, scores }: TableResult): ReportTable {
  const names = Object.keys(scores.model);
  const row = (name: string, values: TableScores) => [
    name,
    ...names.map((metric) => formatMetric(metric, values[metric] ?? Number.NaN)),
  ];
  return {
    caption: "On the test part, which no model has seen.",
    columns: ["", ...names.map(scoreTitle)],
    rows: [
      row(`this model${trained.chosen === "linear" ? " (linear)" : ""}`, scores.model),
      row("a linear model", scores.linear),
      row(constantName(table.recipe.target.task), scores.constant),
    ],
  };
}

function comparison(result: TableResult): ReportSection {
  const table = comparisonTable(result);
  const weak = weakness(result);
  const caption = weak === undefined ? table.caption : `${table.caption} ${weak}`;
  return { title: "Against simple answers", tables: [{ ...table, caption }] };
}

/** What a reader must know of a model that the constant answer does as well as; undefined where the model is better. */
export function weakness({ table, scores }: Pick<TableResult, "scores"> & { table: Pick<PreparedTable, "recipe"> }) {
  const { task, name } = table.recipe.target;
  const [own, simple] = [scores.model[MAIN[task]], scores.constant[MAIN[task]]];
  if (own !== undefined && simple !== undefined && own < simple) return undefined;
  const words = `This model is no better than the answer "${constantName(task)}" by its ${scoreTitle(MAIN[task])}`;
  return `${words}: the columns tell too little of ${name}, or the rows are too few for them. --ignore columns that can't matter, or give it more rows.`;
}

/** Ten bins of equal counts: what was foretold of the second class, and how often it came true. */
export function calibration(y: Float32Array, p: Float32Array, classes: readonly string[]): ReportSection {
  const order = [...p.keys()].sort((a, b) => (p[a] as number) - (p[b] as number));
  const bins = Math.min(10, Math.max(2, Math.floor(y.length / 15)));
  const rows = Array.from({ length: bins }, (_, bin) => {
    const own = order.slice(Math.floor((bin * order.length) / bins), Math.floor(((bin + 1) * order.length) / bins));
    const mean = (values: Float32Array) => own.reduce((sum, i) => sum + (values[i] as number), 0) / own.length;
    return [
      `${percent(p[own[0] as number] as number, 1)} to ${percent(p[own.at(-1) as number] as number, 1)}`,
      own.length,
      percent(mean(p), 1),
      percent(mean(y), 1),
    ];
  });
  const caption = `Rows in order of the probability of "${classes[1]}", in parts of equal size: of a well calibrated model, the last two columns agree.`;
  return {
    title: "Calibration",
    tables: [{ caption, columns: ["probability", "rows", "mean foretold", "came true"], rows }],
  };
}

/** What a threshold other than a half gives. */
export function thresholds(y: Float32Array, p: Float32Array, classes: readonly string[]): ReportSection {
  const rows = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95].map((threshold) => {
    let [hits, called, positives, right] = [0, 0, 0, 0];
    y.forEach((label, i) => {
      const yes = (p[i] as number) >= threshold;
      hits += yes && label === 1 ? 1 : 0;
      called += yes ? 1 : 0;
      positives += label;
      right += yes === (label === 1) ? 1 : 0;
    });
    const share = (part: number, whole: number) => (whole > 0 ? percent(part / whole, 1) : "-");
    return [
      threshold,
      called,
      share(hits, called),
      share(hits, positives),
      share(2 * hits, called + positives),
      share(right, y.length),
    ];
  });
  const caption = `What counts as "${classes[1]}" from this probability on.`;
  return {
    title: "Thresholds",
    tables: [{ caption, columns: ["threshold", "rows", "precision", "recall", "F1", "accuracy"], rows }],
  };
}

/** How every label does, and how sure the model was of it. */
export function labelsSection(y: Float32Array, p: Float32Array, labels: readonly string[]): ReportSection {
  const mean = (values: Float32Array, place: number) =>
    values.reduce((sum, value, i) => sum + (i % labels.length === place ? value : 0), 0) / (y.length / labels.length);
  const rows = labelScores(y, p, labels).map((scores, i) => [
    scores.label,
    scores.rows,
    percent(scores.precision, 1),
    percent(scores.recall, 1),
    percent(scores.f1, 1),
    Number.isNaN(scores.auc) ? "-" : formatNumber(scores.auc),
    formatNumber(scores.logLoss),
    percent(mean(p, i), 1),
    percent(mean(y, i), 1),
  ]);
  const caption =
    "Every label alone, at a threshold of one half; of a well calibrated model, the last two columns agree.";
  const columns = ["label", "rows", "precision", "recall", "F1", "AUC", "log loss", "mean foretold", "came true"];
  return { title: "Labels", tables: [{ caption, columns, rows }] };
}

/** How often the model is right, by how sure it is. */
export function sureness(y: Float32Array, p: Float32Array, labels: Int32Array): ReportSection {
  const size = p.length / y.length;
  const bins = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0001];
  const rows = bins.slice(0, -1).flatMap((low, bin) => {
    const own = [...y.keys()].filter((i) => {
      const sure = p[i * size + (labels[i] as number)] as number;
      return sure >= low && sure < (bins[bin + 1] as number);
    });
    if (own.length === 0) return [];
    const sure = own.reduce((sum, i) => sum + (p[i * size + (labels[i] as number)] as number), 0) / own.length;
    return [
      [
        `from ${percent(low, 0)}`,
        own.length,
        percent(sure, 1),
        percent(own.filter((i) => labels[i] === y[i]).length / own.length, 1),
      ],
    ];
  });
  const caption =
    "How sure the model was, and how often it was right: of a well calibrated model, the last two columns agree.";
  return { title: "Calibration", tables: [{ caption, columns: ["sure", "rows", "mean sureness", "right"], rows }] };
}

export function residuals(y: Float32Array, p: Float32Array): ReportSection {
  const errors = Float64Array.from(y, (value, i) => value - (p[i] as number)).sort();
  const at = (q: number) => formatNumber(errors[Math.min(errors.length - 1, Math.floor(q * errors.length))] as number);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const rows = [["true less predicted", formatNumber(mean), ...[0.05, 0.25, 0.5, 0.75, 0.95].map(at)]];
  const order = [...p.keys()].sort((a, b) => (p[a] as number) - (p[b] as number));
  const parts = Math.min(5, Math.max(1, Math.floor(order.length / 10)));
  const byPrediction = Array.from({ length: parts }, (_, part) => {
    const own = order.slice(Math.floor((part * order.length) / parts), Math.floor(((part + 1) * order.length) / parts));
    const average = (values: (i: number) => number) =>
      formatNumber(own.reduce((sum, i) => sum + values(i), 0) / own.length);
    return [
      `${formatNumber(p[own[0] as number] as number)} to ${formatNumber(p[own.at(-1) as number] as number)}`,
      own.length,
      average((i) => p[i] as number),
      average((i) => y[i] as number),
      average((i) => Math.abs((y[i] as number) - (p[i] as number))),
    ];
  });
  return {
    title: "Residuals",
    tables: [
      {
        caption: "Errors in the target's units: a mean near 0 means no bias.",
        columns: ["", "mean", "5 %", "25 %", "median", "75 %", "95 %"],
        rows,
      },
      {
        caption: "Rows in order of the prediction, in parts of equal size.",
        columns: ["predicted", "rows", "mean predicted", "mean true", "mean absolute error"],
        rows: byPrediction,
      },
    ],
  };
}

function importances({ importance, effort, table }: TableResult): ReportSection {
  const loss = table.recipe.target.task === "regression" ? "root mean squared error" : "log loss";
  const some = importance.slice(0, 30);
  // All with as many decimals as give the greatest four digits: the others are to be compared with it.
  const most = Math.max(...some.map(({ mean }) => Math.abs(mean)), Number.MIN_VALUE);
  const decimals = Math.min(12, Math.max(0, 3 - Math.floor(Math.log10(most))));
  const rise = (mean: number) => `${Number(fixed(mean, decimals)) > 0 ? "+" : ""}${fixed(mean, decimals)}`;
  const isOnce = effort.repeats === 1;
  const rows = some.map(({ column, mean, deviation }) => [
    column,
    rise(mean),
    ...(isOnce ? [] : [fixed(deviation, decimals)]),
  ]);
  const shuffles = isOnce ? "once" : `${effort.repeats} times: mean and deviation`;
  const caption = `By how much the ${loss} of ${groupDigits(effort.rows)} rows of the test part rises when the column's values are shuffled, ${shuffles}. Where that is 0 or less, the model does as well without.`;
  const columns = ["column", "rise", ...(isOnce ? [] : ["±"])];
  return { title: "What the model looks at", tables: [{ caption, columns, rows }] };
}

function mistakes({ table, test, output, worst, importance }: TableResult, labels: Int32Array): ReportSection {
  const { task, classes, name } = table.recipe.target;
  const shown = importance.slice(0, 6).map(({ column }) => column);
  const size = output.length / test.rows.length;
  const named = (of: Float32Array | Int32Array, place: number) =>
    classes.filter((_, i) => of[place * size + i] === 1).join("; ") || "-";
  const rows = worst.map(({ place, values }) => {
    const y = test.y[place] as number;
    const label = labels[place] as number;
    const sure =
      size === 1
        ? Math.max(output[place] as number, 1 - (output[place] as number))
        : (output[place * size + label] as number);
    const answer =
      task === "regression"
        ? [formatCell(y), formatNumber(output[place] as number)]
        : task === "multi-label"
          ? [named(test.y, place), named(labels, place)]
          : [classes[y] ?? "", `${classes[label] ?? ""} (${percent(sure, 0)})`];
    return [groupDigits(test.rows[place] as number), ...answer, ...shown.map((column) => formatCell(values[column]))];
  });
  const caption = "Row of the file, what is true, what was predicted, and the columns that the model looks at most.";
  return {
    title: "The worst mistakes",
    tables: [{ caption, columns: ["row", `true ${name}`, "predicted", ...shown], rows, words: true }],
  };
}

/** The columns that are predicted. */
export function targetNames({ target }: PreparedTable["recipe"]): string[] {
  return target.labels?.by === "columns" ? target.labels.columns.map(({ name }) => name) : [target.name];
}

function profile({ profiles, recipe, ignored }: PreparedTable): ReportSection {
  const targets = targetNames(recipe);
  const rows = profiles.map(({ name, type, reason, present, missing, distinct, examples }) => [
    name,
    targets.includes(name)
      ? targets.length > 1
        ? "a target"
        : "the target"
      : ignored.includes(name)
        ? `${type}, ignored`
        : type,
    reason,
    missingShare(missing / Math.max(1, present + missing)),
    groupDigits(distinct),
    examples.slice(0, 3).map(formatCell).join(", "),
  ]);
  const caption = "Every column as it was understood; --type NAME=TYPE says otherwise.";
  return {
    title: "The data",
    tables: [{ caption, columns: ["column", "type", "because", "missing", "different", "such as"], rows, words: true }],
  };
}

/** Few missing values among many are not none. */
function missingShare(share: number): string {
  if (share === 0) return "-";
  return share < 0.001 ? "< 0.1 %" : percent(share, 1);
}

/** What a reader should look at before the figures are believed. */
function warnings({ findings }: PreparedTable): ReportSection[] {
  const rows = findings
    .filter(({ kind }) => kind !== "cleaned")
    .map(({ kind, column = "all", text }) => [column, kind === "hint" ? "Hint" : "Warning", text]);
  if (rows.length === 0) return [];
  const caption = "Nothing was done about it: that is for you to judge.";
  return [{ title: "To look at", tables: [{ caption, columns: ["column", "", "what was seen"], rows, words: true }] }];
}

/** A row for every column of which something was changed, in the file's order. */
function cleaning({ findings, profiles }: PreparedTable): ReportSection {
  const done = new Map<string | undefined, string[]>();
  const names = profiles.map(({ name }) => name);
  for (const name of new Set([undefined, ...names, ...findings.map(({ column }) => column)])) {
    const texts = findings.filter(({ kind, column }) => kind === "cleaned" && column === name).map(({ text }) => text);
    if (texts.length > 0) done.set(name, texts);
  }
  if (done.size === 0) return { title: "Cleaning", note: "Nothing had to be cleaned.", tables: [] };
  const rows = [...done].map(([column = "all", texts]) => [column, texts.join("; ")]);
  const caption =
    "What fills, bounds and evens out values was learned from the training part, is saved in the model, and is done again when it predicts.";
  return { title: "Cleaning", tables: [{ caption, columns: ["column", "what was done"], rows, words: true }] };
}
