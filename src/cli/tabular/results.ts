import { join } from "node:path";
import { answersOf, labelScores, type PartTruth, type PrepareOptions, TableModel } from "../../tabular/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { writeReport } from "../report/index.ts";
import { VERSION } from "../version.ts";
import { trainingCode } from "./code.ts";
import { type TableResult, tableReport } from "./report.ts";

/** Rows of the test part that the report names as the worst mistakes. */
const WORST = 12;

/** Rows of a file that are written at a time. */
const PIECE = 10_000;

/** Rows of the test part with the greatest errors, or the answers that were surest and wrong. */
export async function worstOf(
  table: TableResult["table"],
  test: PartTruth,
  output: Float32Array,
): Promise<TableResult["worst"]> {
  const { task } = table.recipe.target;
  const rows = test.rows.length;
  const size = output.length / rows;
  const labels = answersOf(task, output, rows);
  const error = (i: number): number => {
    const y = test.y[i] as number;
    if (task === "multi-label") return lossOf(test.y, output, i, size);
    if (task !== "multi-class") return Math.abs(y - (output[i] as number));
    return labels[i] === y ? 0 : (output[i * size + (labels[i] as number)] as number);
  };
  const isWrong = (i: number) =>
    task === "regression" ||
    Array.from({ length: test.y.length / rows }).some(
      (_, k, { length }) => labels[i * length + k] !== test.y[i * length + k],
    );
  const places = [...test.rows.keys()]
    .filter(isWrong)
    .sort((a, b) => error(b) - error(a))
    .slice(0, WORST);
  if (places.length === 0) return [];
  const values = await table.raw(places.map((place) => test.rows[place] as number));
  return places.map((place, i) => ({ place, values: values[i] ?? {} }));
}

/** How surely a row's labels were wrong, all together. */
function lossOf(y: Float32Array, p: Float32Array, row: number, labels: number): number {
  let sum = 0;
  for (let i = row * labels; i < (row + 1) * labels; i++) sum += Math.abs((y[i] as number) - (p[i] as number));
  return sum;
}

/** Writes the model, and all that came of it, to a folder. */
export async function writeResults(
  folder: string,
  result: TableResult,
  options: PrepareOptions,
  file: string,
): Promise<void> {
  const { table, trained, test, output, scores, importance, seed } = result;
  const { task, classes, name } = table.recipe.target;
  await new TableModel(trained.model, table.recipe).save(join(folder, "model"));
  const metrics = {
    descent: VERSION,
    data: table.file,
    target: name,
    task,
    because: table.taskReason,
    seed,
    rows: { train: table.sizes[0], validation: table.sizes[1], test: table.sizes[2] },
    streamed: table.isStreamed,
    test: scores.model,
    ...(task === "multi-label" && { labels: labelScores(test.y, output, classes) }),
    baselines: { constant: scores.constant, linear: scores.linear },
    chosen: trained.chosen,
    plan: trained.plan,
    validationLoss: trained.losses,
    epochs: trained.history.epochs.length,
    seconds: trained.history.seconds,
    stopped: trained.history.reason,
    columns: table.profiles.map((profile) => ({ ...profile, examples: undefined })),
    findings: table.findings,
    importance,
    history: trained.history.history,
  };
  await writeFileAtomic(join(folder, "metrics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
  await writeReport(join(folder, "report.html"), tableReport(result));
  const size = output.length / test.rows.length;
  const labels = answersOf(task, output, test.rows.length);
  const line = (row: number, i: number) => {
    if (task === "multi-label") {
      const [start, stop] = [i * size, (i + 1) * size];
      const named = (values: Float32Array | Int32Array) => classes.filter((_, k) => values[start + k] === 1).join("; ");
      return [row, named(test.y), named(labels), ...output.subarray(start, stop)];
    }
    if (task === "regression") return [row, test.y[i] as number, output[i] as number];
    const probabilities = [...output.subarray(i * size, (i + 1) * size)];
    return [row, classes[test.y[i] as number] ?? "", classes[labels[i] as number] ?? "", ...probabilities];
  };
  const titles =
    task === "regression" ? [] : task === "binary" ? [`p(${classes[1]})`] : classes.map((each) => `p(${each})`);
  await writeFileAtomic(join(folder, "predictions.csv"), lines());
  await writeFileAtomic(join(folder, "train.ts"), trainingCode(table, trained, options, folder, file));

  function* lines(): Generator<string> {
    yield writeCsv(["row", name, "predicted", ...titles], []);
    for (let start = 0; start < test.rows.length; start += PIECE) {
      const some = Array.from(test.rows.subarray(start, start + PIECE), (row, i) => line(row, start + i));
      yield writeCsv([], some).slice(1);
    }
  }
}
