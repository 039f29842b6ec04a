import type { TableTask } from "./types.ts";

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
