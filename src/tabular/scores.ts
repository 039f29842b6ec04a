import type { TableTask } from "./types.ts";

/** Figures of a test, by name. */
export type TableScores = Readonly<Record<string, number>>;

/** Metrics that are better the smaller they are. */
export const FALLING: ReadonlySet<string> = new Set(["logLoss", "brier", "rootMeanSquaredError", "meanAbsoluteError"]);

/** The metric by which two models are compared. */
export const MAIN: Record<TableTask, string> = {
  regression: "rootMeanSquaredError",
  binary: "logLoss",
  "multi-class": "logLoss",
};

/**
 * Scores predictions. Regression: R², root mean squared and mean absolute error. Classes: accuracy, macro F1, log loss (natural logarithm,
 * probabilities at least 1e-7, as in Keras); of two classes, the area under the ROC curve and the Brier score besides.
 *
 * @param p numbers, the probability of the second class, or probabilities [rows, classes].
 */
export function scoresOf(task: TableTask, y: Float32Array, p: Float32Array): TableScores {
  if (task === "regression") return regressionScores(y, p);
  const size = task === "binary" ? 2 : p.length / y.length;
  const labels = answersOf(task, p, y.length);
  let [hits, logLoss, brier] = [0, 0, 0];
  y.forEach((label, i) => {
    if (labels[i] === label) hits++;
    const sure =
      task === "binary" ? (label === 1 ? (p[i] as number) : 1 - (p[i] as number)) : (p[i * size + label] as number);
    logLoss -= Math.log(Math.min(1 - 1e-7, Math.max(1e-7, sure)));
    if (task === "binary") brier += ((p[i] as number) - label) ** 2;
  });
  const n = y.length;
  const common = { accuracy: hits / n, f1: macroF1(y, labels, size), logLoss: logLoss / n };
  return task === "binary" ? { ...common, auc: areaUnderCurve(y, p), brier: brier / n } : common;
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

/** The class of every row: the likelier of two, the likeliest of several. */
export function answersOf(task: TableTask, p: Float32Array, rows: number): Int32Array {
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
  const order = [...p.keys()].sort((a, b) => (p[a] as number) - (p[b] as number));
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

/** What answers the same whatever it is asked: the mean, or the shares of the classes, of the training part. */
export function constantAnswers(task: TableTask, train: Float32Array, rows: number, classes: number): Float32Array {
  if (task !== "multi-class")
    return new Float32Array(rows).fill(train.reduce((sum, value) => sum + value, 0) / train.length);
  const shares = new Float32Array(classes);
  for (const label of train) shares[label] = (shares[label] as number) + 1 / train.length;
  return Float32Array.from({ length: rows * classes }, (_, i) => shares[i % classes] as number);
}
