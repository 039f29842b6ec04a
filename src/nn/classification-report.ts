import { checkOptions, fail } from "../util/index.ts";

/** How well a class, or an average of them, is recognized. */
export interface ClassScores {
  /** Of what was decided to be of the class, the share that is; 0 when nothing was. */
  readonly precision: number;
  /** Of what is of the class, the share that was found; 0 when there is none. */
  readonly recall: number;
  /** The harmonic mean of precision and recall; 0 when both are 0. */
  readonly f1: number;
  /** How many samples there are, or their weight. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly classes: readonly (ClassScores & { readonly label: string })[];
  /** The share of samples that were decided right. */
  readonly accuracy: number;
  /** The mean over the classes. */
  readonly macro: ClassScores;
  /** The mean over the classes, weighted by support. */
  readonly weighted: ClassScores;
  /** A table as text. */
  toString(): string;
}

export interface ClassificationReportOptions {
  /** Names of the classes; default "0", "1", ... */
  labels?: readonly string[];
}

/**
 * Precision, recall and F1 of every class and their means, as data and, by `String(report)`, as a table (scikit-learn's
 * classification_report), from a confusion matrix of any part of the data: what the metric "confusionMatrix" gives.
 *
 * @throws DescentError for a matrix that is not square, or another number of labels.
 * @example
 * const report = classificationReport([[8, 2], [1, 9]], { labels: ["cat", "dog"] });
 * console.log(report.accuracy); // 0.85
 * console.log(String(report));
 */
export function classificationReport(
  confusionMatrix: readonly (readonly number[])[],
  options: ClassificationReportOptions = {},
): ClassificationReport {
  checkOptions("classificationReport", options, ["labels"]);
  const size = confusionMatrix.length;
  if (size === 0 || confusionMatrix.some((row) => row.length !== size)) {
    fail("classificationReport got no square matrix", "counts by true class (row) and decided class (column)");
  }
  const { labels = confusionMatrix.map((_, i) => String(i)) } = options;
  if (labels.length !== size) fail(`classificationReport got ${labels.length} labels for ${size} classes`, "one each");

  const classes = confusionMatrix.map((row, i) => {
    const hits = row[i] as number;
    const support = sum(row);
    const decided = sum(confusionMatrix.map((other) => other[i] as number));
    const f1 = share(2 * hits, decided + support);
    return { label: labels[i] as string, precision: share(hits, decided), recall: share(hits, support), f1, support };
  });
  const macro = meanScores(classes);
  const accuracy = share(sum(confusionMatrix.map((row, i) => row[i] as number)), macro.support);
  const report = { classes, accuracy, macro, weighted: meanScores(classes, ({ support }) => support) };
  return { ...report, toString: () => table(report) };
}

/** The mean of all classes' scores ("macro"), or a weighted one; its support is that of all. 0 of no classes. */
export function meanScores(
  classes: readonly ClassScores[],
  weight: (scores: ClassScores) => number = () => 1,
): ClassScores {
  const whole = sum(classes.map(weight));
  const of = (name: "precision" | "recall" | "f1") => share(sum(classes.map((c) => weight(c) * c[name])), whole);
  return {
    precision: of("precision"),
    recall: of("recall"),
    f1: of("f1"),
    support: sum(classes.map(({ support }) => support)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function table({ classes, accuracy, macro, weighted }: Omit<ClassificationReport, "toString">): string {
  const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2));
  const line = (label: string, { precision, recall, f1, support }: ClassScores) => [
    label,
    ...[precision, recall, f1].map((value) => value.toFixed(3)),
    number(support),
  ];
  const rows = [
    ["", "precision", "recall", "f1", "support"],
    ...classes.map((scores) => line(scores.label, scores)),
    ["accuracy", "", "", accuracy.toFixed(3), number(macro.support)],
    line("macro mean", macro),
    line("weighted mean", weighted),
  ];
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) => {
    const width = widths[column] as number;
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  };
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}
