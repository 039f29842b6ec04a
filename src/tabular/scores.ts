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
  if (task === "multi-label") return setScores(y, p, labels);
  if (task === "regression") return regressionScores(y, p);
  const size = task === "binary" ? 2 : p.length / y.length;
  const answers = answersOf(task, p, y.length);
  let [hits, logLoss, brier] = [0, 0, 0];
  y.forEach((label, i) => {
    if (answers[i] === label) hits++;
    const sure =
      task === "binary" ? (label === 1 ? (p[i] as number) : 1 - (p[i] as number)) : (p[i * size + label] as number);
    logLoss -= Math.log(Math.min(1 - 1e-7, Math.max(1e-7, sure)));
    if (task === "binary") brier += ((p[i] as number) - label) ** 2;
  });
  const n = y.length;
  const common = { accuracy: hits / n, f1: macroF1(y, answers, size), logLoss: logLoss / n };
  return task === "binary" ? { ...common, auc: areaUnderCurve(y, p), brier: brier / n } : common;
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

/** Scores of every label alone; y and p are [rows, labels]. Precision and recall of what never occurs are 0 (scikit-learn). */
export function labelScores(y: Float32Array, p: Float32Array, labels: readonly string[]): LabelScores[] {
  return labels.map((label, place) => {
    const own = (values: Float32Array) => values.filter((_, i) => i % labels.length === place);
    const [truth, chance] = [own(y), own(p)];
    let [hits, called, there, logLoss] = [0, 0, 0, 0];
    truth.forEach((value, i) => {
      const answer = (chance[i] as number) >= 0.5 ? 1 : 0;
      hits += value * answer;
      called += answer;
      there += value;
      const sure = value === 1 ? (chance[i] as number) : 1 - (chance[i] as number);
      logLoss -= Math.log(Math.min(1 - 1e-7, Math.max(1e-7, sure)));
    });
    const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
    return {
      label,
      rows: there,
      precision: share(hits, called),
      recall: share(hits, there),
      f1: share(2 * hits, called + there),
      auc: areaUnderCurve(truth, chance),
      logLoss: logLoss / truth.length,
    };
  });
}

function setScores(y: Float32Array, p: Float32Array, labels: number): TableScores {
  const rows = y.length / labels;
  let [right, wrong, hits, both] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    let mistakes = 0;
    for (let i = row * labels; i < (row + 1) * labels; i++) {
      const answer = (p[i] as number) >= 0.5 ? 1 : 0;
      mistakes += answer === y[i] ? 0 : 1;
      hits += answer * (y[i] as number);
      both += answer + (y[i] as number);
    }
    right += mistakes === 0 ? 1 : 0;
    wrong += mistakes;
  }
  const each = labelScores(
    y,
    p,
    Array.from({ length: labels }, (_, i) => String(i)),
  );
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    subsetAccuracy: right / rows,
    hammingLoss: wrong / y.length,
    microF1: both > 0 ? (2 * hits) / both : 0,
    f1: mean(each.map(({ f1 }) => f1)),
    logLoss: mean(each.map(({ logLoss }) => logLoss)),
    auc: mean(each.map(({ auc }) => auc).filter((auc) => !Number.isNaN(auc))),
  };
}

function regressionScores(y: Float32Array, p: Float32Array): TableScores {
  const n = y.length;
  const mean = y.reduce((sum, value) => sum + value, 0) / n;
  let [squares, absolute, total] = [0, 0, 0];
  y.forEach((value, i) => {
    const error = value - (p[i] as number);
    squares += error ** 2;
    absolute += Math.abs(error);
    total += (value - mean) ** 2;
  });
  const r2 = total > 0 ? 1 - squares / total : Number(squares === 0);
  return { r2, rootMeanSquaredError: Math.sqrt(squares / n), meanAbsoluteError: absolute / n };
}

/** The class of every row: the likelier of two, the likeliest of several; 1 or 0 for every label [rows, labels]. */
export function answersOf(task: TableTask, p: Float32Array, rows: number): Int32Array {
  if (task === "multi-label") return Int32Array.from(p, (chance) => (chance >= 0.5 ? 1 : 0));
  const size = task === "binary" ? 1 : p.length / rows;
  return Int32Array.from({ length: rows }, (_, row) => {
    if (size === 1) return (p[row] as number) >= 0.5 ? 1 : 0;
    let best = 0;
    for (let i = 1; i < size; i++) if ((p[row * size + i] as number) > (p[row * size + best] as number)) best = i;
    return best;
  });
}

/** The mean of the classes' F1; of those that neither occur nor are answered, none (scikit-learn's macro average). */
function macroF1(y: Float32Array, labels: Int32Array, classes: number): number {
  const [hits, called, there] = [0, 1, 2].map(() => new Float64Array(classes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  y.forEach((label, i) => {
    const answer = labels[i] as number;
    there[label] = (there[label] as number) + 1;
    called[answer] = (called[answer] as number) + 1;
    if (answer === label) hits[label] = (hits[label] as number) + 1;
  });
  const scores = [...hits].flatMap((hit, i) => {
    const all = (called[i] as number) + (there[i] as number);
    return all > 0 ? [(2 * hit) / all] : [];
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** The chance that a row of class 1 gets more than one of class 0, ties counting half (Mann-Whitney); NaN for one class. */
export function areaUnderCurve(y: Float32Array, p: Float32Array): number {
  const order = Uint32Array.from(p.keys()).sort((a, b) => (p[a] as number) - (p[b] as number));
  let [positives, rankSum] = [0, 0];
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && p[order[end] as number] === p[order[i] as number]) end++;
    const rank = (i + end + 1) / 2;
    for (; i < end; i++) {
      if (y[order[i] as number] === 1) {
        positives++;
        rankSum += rank;
      }
    }
  }
  const negatives = y.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** What answers the same whatever it is asked: the mean, or the shares of the classes or labels, of the training part. */
export function constantAnswers(task: TableTask, train: Float32Array, rows: number, classes: number): Float32Array {
  if (task === "multi-label") {
    const chances = new Array<number>(classes).fill(0);
    train.forEach((value, i) => {
      chances[i % classes] = (chances[i % classes] as number) + (value * classes) / train.length;
    });
    return sameAnswers(chances, rows);
  }
  if (task !== "multi-class") return sameAnswers([train.reduce((sum, value) => sum + value, 0) / train.length], rows);
  const shares = new Array<number>(classes).fill(0);
  for (const label of train) shares[label] = (shares[label] as number) + 1 / train.length;
  return sameAnswers(shares, rows);
}

/** One answer to every row. */
export function sameAnswers(answer: readonly number[], rows: number): Float32Array {
  return Float32Array.from({ length: rows * answer.length }, (_, i) => answer[i % answer.length] as number);
}
