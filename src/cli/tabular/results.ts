import { join } from "node:path";
import { answersOf, labelScores, type PartTruth, type PrepareOptions, TableModel } from "../../tabular/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { writeReport } from "../report/index.ts";
import { VERSION } from "../version.ts";
import { chanceTitles, valueCell, worstRows } from "./answers.ts";
import { trainingCode } from "./code.ts";
import { secondsOf, type TableResult, tableReport } from "./report.ts";

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
  const places = worstRows(table.recipe.target.task, test.y, output, test.rows.length, WORST);
  if (places.length === 0) return [];
  const values = await table.raw(places.map((place) => test.rows[place] as number));
  return places.map((place, i) => ({ place, values: values[i] ?? {} }));
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
    epochs: trained.histories.reduce((sum, { epochs }) => sum + epochs.length, 0),
    seconds: secondsOf(trained),
    stopped: trained.history.reason,
    ...(trained.histories.length > 1 && {
      networks: trained.histories.map(({ epochs, seconds, reason, history }) => ({
        epochs: epochs.length,
        seconds,
        stopped: reason,
        history,
      })),
    }),
    columns: table.profiles.map((profile) => ({ ...profile, examples: undefined })),
    findings: table.findings,
    importance,
    history: trained.history.history,
  };
  await writeFileAtomic(join(folder, "metrics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
  await writeReport(join(folder, "report.html"), tableReport(result));
  const size = output.length / test.rows.length;
  const labels = answersOf(task, output, test.rows.length);
  const { target } = table.recipe;
  const line = (row: number, i: number) => {
    const chances = task === "regression" ? [] : output.subarray(i * size, (i + 1) * size);
    const answer = task === "regression" ? output : labels;
    return [row, valueCell(target, test.y, i), valueCell(target, answer, i), ...chances];
  };
  await writeFileAtomic(join(folder, "predictions.csv"), lines());
  await writeFileAtomic(join(folder, "train.ts"), trainingCode(table, trained, options, folder, file));

  function* lines(): Generator<string> {
    yield writeCsv(["row", name, "predicted", ...chanceTitles(target)], []);
    for (let start = 0; start < test.rows.length; start += PIECE) {
      const some = Array.from(test.rows.subarray(start, start + PIECE), (row, i) => line(row, start + i));
      yield writeCsv([], some).slice(1);
    }
  }
}
