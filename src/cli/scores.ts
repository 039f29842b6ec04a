/** How well one class is recognized. */
export interface ClassScores {
  /** Of what was called this class, the share that is. 0 when nothing was (scikit-learn's zero_division=0). */
  precision: number;
  /** Of what is this class, the share that was found. 0 when there is none. */
  recall: number;
  /** Harmonic mean of precision and recall; 0 when both are. */
  f1: number;
  /** Number of samples of this class. */
  support: number;
}

/** Counts by true class (row) and predicted class (column). */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i] ?? -1];
    const column = predictions[i] ?? -1;
    if (row && column in row) row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}

/** Precision, recall, F1 and support of every class, from counts by true class (row) and predicted class (column). */
export function classScores(confusion: readonly (readonly number[])[]): ClassScores[] {
  return confusion.map((row, i) => {
    const hits = row[i] ?? 0;
    const support = row.reduce((sum, n) => sum + n, 0);
    const called = confusion.reduce((sum, other) => sum + (other[i] ?? 0), 0);
    const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
    return {
      precision: ratio(hits, called),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, called + support),
      support,
    };
  });
}

/** The unweighted mean of all classes' scores ("macro"); its support is the number of samples. */
export function macroAverage(scores: readonly ClassScores[]): ClassScores {
  const mean = (name: keyof ClassScores) => scores.reduce((sum, s) => sum + s[name], 0) / Math.max(1, scores.length);
  return {
    precision: mean("precision"),
    recall: mean("recall"),
    f1: mean("f1"),
    support: scores.reduce((sum, s) => sum + s.support, 0),
  };
}

/** Share of samples on the diagonal; 0 when there are none. */
export function accuracyOf(confusion: readonly (readonly number[])[]): number {
  let hits = 0;
  let all = 0;
  confusion.forEach((row, i) => {
    hits += row[i] ?? 0;
    for (const n of row) all += n;
  });
  return all > 0 ? hits / all : 0;
}
