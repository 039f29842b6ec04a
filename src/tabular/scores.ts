import { answersOf } from "./answers.ts";
import { RocArea, rocBytes } from "./curve.ts";
import type { TableTask } from "./types.ts";

/** Figures of a test, by name. */
export type TableScores = Readonly<Record<string, number>>;

/** Metrics that are better the smaller they are. */
export const FALLING: ReadonlySet<string> = new Set([
  "logLoss",
  "brier",
  "hammingLoss",
  "rootMeanSquaredError",
  "meanAbsoluteError",
]);

/** The metric by which two models are compared. */
export const MAIN: Record<TableTask, string> = {
  regression: "rootMeanSquaredError",
  binary: "logLoss",
  "multi-class": "logLoss",
  "multi-label": "logLoss",
};

/** The chance that a row was given of what it is, kept from 0 and 1 by 1e-7 as in Keras: the log loss's summand. */
function lossOf(sure: number): number {
  return -Math.log(Math.min(1 - 1e-7, Math.max(1e-7, sure)));
}

/**
 * Scores predictions that come piece by piece. Nearly all metrics follow from sums, so that what it takes does not grow with the rows and the
 * figures are exact; the area under the ROC curve needs every score, 4 bytes each, and is exact as long as these have room ({@link RocArea}).
 */
export class TableScorer {
  rows = 0;
  /** Counts by true class (row) and answered class (column); undefined where there are no classes. */
  readonly confusion: number[][] | undefined;
  private logLoss = 0;
  private readonly regression = { squares: 0, absolute: 0, mean: 0, spread: 0 };
  private brier = 0;
  private right = 0;
  private readonly roc: RocArea | undefined;
  private readonly labels: readonly LabelSums[];

  /**
   * @param size how many classes or labels; 1 for numbers.
   * @param bytes what all scores may take that the areas under the curves need.
   */
  constructor(
    private readonly task: TableTask,
    private readonly size: number,
    bytes: number,
  ) {
    const isClasses = task === "binary" || task === "multi-class";
    this.confusion = isClasses ? Array.from({ length: size }, () => new Array<number>(size).fill(0)) : undefined;
    this.roc = task === "binary" ? new RocArea(bytes) : undefined;
    this.labels =
      task === "multi-label" ? Array.from({ length: size }, () => new LabelSums(new RocArea(bytes / size))) : [];
  }

  /**
   * Some rows more.
   *
   * @param y numbers, the numbers of the classes, or labels as 1 and 0 [rows, labels].
   * @param p numbers, the probability of the second class, or probabilities [rows, classes or labels].
   */
  add(y: Float32Array, p: Float32Array): void {
    if (this.task === "regression") this.addNumbers(y, p);
    else if (this.task === "multi-label") this.addLabels(y, p);
    else this.addClasses(y, p);
  }

  /** The figures of all rows so far. */
  scores(): TableScores {
    const { rows, task } = this;
    if (task === "regression") {
      const { squares, absolute, spread } = this.regression;
      const r2 = spread > 0 ? 1 - squares / spread : Number(squares === 0);
      return { r2, rootMeanSquaredError: Math.sqrt(squares / rows), meanAbsoluteError: absolute / rows };
    }
    if (task === "multi-label") return this.labelMeans();
    const confusion = this.confusion as number[][];
    const hits = confusion.reduce((sum, row, i) => sum + (row[i] as number), 0);
    const common = { accuracy: hits / rows, f1: macroF1(confusion), logLoss: this.logLoss / rows };
    return this.roc ? { ...common, auc: this.roc.result().area, brier: this.brier / rows } : common;
  }

  /** By how much an area under a curve may differ from that of all scores; 0 where these had room. */
  get margin(): number {
    return Math.max(...[this.roc, ...this.labels.map(({ roc }) => roc)].map((roc) => roc?.result().margin ?? 0));
  }

  /** How each label does. */
  labelScores(names: readonly string[]): LabelScores[] {
    return this.labels.map((label, i) => label.scores(names[i] ?? String(i), this.rows));
  }

  private addNumbers(y: Float32Array, p: Float32Array): void {
    const sums = this.regression;
    for (let i = 0; i < y.length; i++) {
      const value = y[i] as number;
      const error = value - (p[i] as number);
      sums.squares += error ** 2;
      sums.absolute += Math.abs(error);
      // The spread about a mean that moves with every row (Welford, 1962): sums of squares would lose digits of numbers far from 0.
      const distance = value - sums.mean;
      sums.mean += distance / ++this.rows;
      sums.spread += distance * (value - sums.mean);
    }
  }

  private addClasses(y: Float32Array, p: Float32Array): void {
    const { task, size } = this;
    const answers = answersOf(task, p, y.length);
    for (let i = 0; i < y.length; i++) {
      const label = y[i] as number;
      const row = (this.confusion as number[][])[label] as number[];
      row[answers[i] as number] = (row[answers[i] as number] as number) + 1;
      if (this.roc) {
        const chance = p[i] as number;
        this.logLoss += lossOf(label === 1 ? chance : 1 - chance);
        this.brier += (chance - label) ** 2;
        this.roc.add(chance, label === 1 ? 1 : 0);
      } else this.logLoss += lossOf(p[i * size + label] as number);
    }
    this.rows += y.length;
  }

  private addLabels(y: Float32Array, p: Float32Array): void {
    const { labels, size } = this;
    for (let at = 0; at < y.length; at += size) {
      let mistakes = 0;
      for (let i = 0; i < size; i++)
        mistakes += (labels[i] as LabelSums).add(y[at + i] === 1 ? 1 : 0, p[at + i] as number);
      this.right += mistakes === 0 ? 1 : 0;
    }
    this.rows += y.length / size;
  }

  private labelMeans(): TableScores {
    const each = this.labelScores([]);
    const sum = (of: (label: LabelSums) => number) => this.labels.reduce((all, label) => all + of(label), 0);
    const mean = (values: number[]) => values.reduce((all, value) => all + value, 0) / values.length;
    const [hits, both] = [sum((label) => label.hits), sum((label) => label.called + label.there)];
    return {
      subsetAccuracy: this.right / this.rows,
      hammingLoss: (both - 2 * hits) / (this.rows * this.size),
      microF1: both > 0 ? (2 * hits) / both : 0,
      f1: mean(each.map(({ f1 }) => f1)),
      logLoss: mean(each.map(({ logLoss }) => logLoss)),
      auc: mean(each.map(({ auc }) => auc).filter((auc) => !Number.isNaN(auc))),
    };
  }
}

/** What is counted of one label. */
class LabelSums {
  hits = 0;
  called = 0;
  there = 0;
  private logLoss = 0;

  constructor(readonly roc: RocArea) {}

  /** A row more; 1 for a mistake. */
  add(label: 0 | 1, chance: number): number {
    const answer = chance >= 0.5 ? 1 : 0;
    this.hits += label * answer;
    this.called += answer;
    this.there += label;
    this.logLoss += lossOf(label === 1 ? chance : 1 - chance);
    this.roc.add(chance, label);
    return answer === label ? 0 : 1;
  }

  scores(label: string, rows: number): LabelScores {
    const { hits, called, there, logLoss } = this;
    const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
    return {
      label,
      rows: there,
      precision: share(hits, called),
      recall: share(hits, there),
      f1: share(2 * hits, called + there),
      auc: this.roc.result().area,
      logLoss: logLoss / rows,
    };
  }
}

/**
 * Scores predictions. Regression: R², root mean squared and mean absolute error. Classes: accuracy, macro F1, log loss (natural logarithm,
 * probabilities at least 1e-7, as in Keras); of two classes, the area under the ROC curve and the Brier score besides. Labels: the share of the
 * rows with all of them right (subset accuracy) and of the labels that are wrong (Hamming loss), F1 of all together and as a mean of the labels',
 * the mean of their log losses and areas under the ROC curve (of those labels that some rows have and some have not).
 *
 * @param p numbers, the probability of the second class, or probabilities [rows, classes].
 * @param labels how many, for multi-label, where y is [rows, labels], too.
 */
export function scoresOf(task: TableTask, y: Float32Array, p: Float32Array, labels = 1): TableScores {
  const size = task === "multi-label" ? labels : task === "binary" ? 2 : p.length / y.length;
  return scorerOf(task, y, p, size).scores();
}

/** Scores of every label alone; y and p are [rows, labels]. Precision and recall of what never occurs are 0 (scikit-learn). */
export function labelScores(y: Float32Array, p: Float32Array, labels: readonly string[]): LabelScores[] {
  return scorerOf("multi-label", y, p, labels.length).labelScores(labels);
}

/** A scorer with room for all of these. */
function scorerOf(task: TableTask, y: Float32Array, p: Float32Array, size: number): TableScorer {
  const curves = task === "multi-label" ? size : 1;
  const scorer = new TableScorer(task, size, curves * rocBytes(y.length / curves));
  scorer.add(y, p);
  return scorer;
}

/** How one label does. */
export interface LabelScores {
  readonly label: string;
  /** Rows that have it. */
  readonly rows: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** NaN for a label that all rows have, or none. */
  readonly auc: number;
  readonly logLoss: number;
}

/** The mean of the classes' F1; of those that neither occur nor are answered, none (scikit-learn's macro average). */
function macroF1(confusion: readonly (readonly number[])[]): number {
  const scores = confusion.flatMap((row, i) => {
    const there = row.reduce((sum, count) => sum + count, 0);
    const called = confusion.reduce((sum, other) => sum + (other[i] as number), 0);
    return there + called > 0 ? [(2 * (row[i] as number)) / (there + called)] : [];
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
