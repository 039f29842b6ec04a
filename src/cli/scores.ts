import { type ClassScores, classificationReport } from "../nn/index.ts";

export { type ClassScores, meanScores as macroAverage } from "../nn/index.ts";

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
  return classificationReport(confusion).classes.map(({ label: _, ...scores }) => scores);
}

/** Share of samples on the diagonal; 0 when there are none. */
export function accuracyOf(confusion: readonly (readonly number[])[]): number {
  return classificationReport(confusion).accuracy;
}
