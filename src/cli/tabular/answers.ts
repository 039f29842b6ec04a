import { answersOf, type Recipe } from "../../tabular/index.ts";

/** What answers are called by. */
export type NamedTarget = Pick<Recipe["target"], "task" | "classes">;

/** Titles of the columns of probabilities; none for a regression. */
export function chanceTitles({ task, classes }: NamedTarget): string[] {
  if (task === "regression") return [];
  return (task === "binary" ? [classes[1]] : classes).map((name) => `p(${name})`);
}

/** A row's truth or answer for a reader: a number, the class's name, or the names of the labels. */
export function valueCell(
  { task, classes }: NamedTarget,
  values: Float32Array | Int32Array,
  row: number,
): string | number {
  if (task === "regression") return values[row] as number;
  if (task !== "multi-label") return classes[values[row] as number] ?? "";
  return classes.filter((_, i) => values[row * classes.length + i] === 1).join("; ");
}

/** Numbers of the rows with the greatest errors, or the answers that were surest and wrong; at most `most`. */
export function worstRows(
  task: NamedTarget["task"],
  y: Float32Array,
  output: Float32Array,
  rows: number,
  most: number,
): number[] {
  const size = output.length / rows;
  const labels = answersOf(task, output, rows);
  const error = (i: number): number => {
    const truth = y[i] as number;
    if (task === "multi-label") return lossOf(y, output, i, size);
    if (task !== "multi-class") return Math.abs(truth - (output[i] as number));
    return labels[i] === truth ? 0 : (output[i * size + (labels[i] as number)] as number);
  };
  const width = y.length / rows;
  const isWrong = (i: number) =>
    task === "regression" || Array.from({ length: width }).some((_, k) => labels[i * width + k] !== y[i * width + k]);
  return Array.from({ length: rows }, (_, i) => i)
    .filter(isWrong)
    .sort((a, b) => error(b) - error(a))
    .slice(0, most);
}

/** How surely a row's labels were wrong, all together. */
function lossOf(y: Float32Array, p: Float32Array, row: number, labels: number): number {
  let sum = 0;
  for (let i = row * labels; i < (row + 1) * labels; i++) sum += Math.abs((y[i] as number) - (p[i] as number));
  return sum;
}
