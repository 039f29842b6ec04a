import { open, rename, rm } from "node:fs/promises";
import { extname } from "node:path";
import { answersOf, isRecipe, labelScores, type Recipe, type TableAnswers, TableModel } from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { writeCsv } from "../data/csv.ts";
import { EXIT, type ExitCode, part, reasonOf, refuse } from "../exit.ts";
import { formatMetric, groupDigits, metricTitle, percent } from "../format.ts";
import { classScores, confusionMatrix } from "../scores.ts";
import { table } from "../terminal/index.ts";
import { describeOutcome } from "../training/show.ts";
import { requireTable } from "./source.ts";

/** The model with its recipe, when it was trained on a table. */
export function tableModelOf(model: Model): TableModel | undefined {
  const { preprocessing } = model.facts;
  return isRecipe(preprocessing) ? new TableModel(model, preprocessing as unknown as Recipe) : undefined;
}

/** `descent evaluate` for a model of tables. */
export async function evaluateTable(model: TableModel, file: string, json: boolean): Promise<ExitCode> {
  await requireTable(file);
  const { scores, rows, left, y, output } = await part(EXIT.data, () => model.evaluate(file));
  const { task, classes } = model.recipe.target;
  const confusion =
    task === "regression" || task === "multi-label"
      ? undefined
      : confusionMatrix(y, answersOf(task, output, rows), classes.length);
  const labels = task === "multi-label" ? labelScores(y, output, classes) : undefined;
  if (json) {
    console.log(
      JSON.stringify(
        { samples: rows, ...scores, confusion, perClass: confusion && classScores(confusion), labels },
        null,
        2,
      ),
    );
    return EXIT.ok;
  }
  console.log(
    `Data: ${groupDigits(rows)} rows from ${file}${left > 0 ? `; ${groupDigits(left)} without a known answer are left out` : ""}`,
  );
  const highlights = Object.entries(scores).map(([name, value]) => ({
    label: metricTitle(name),
    value: formatMetric(name, value),
  }));
  const outcome = { samples: rows, metrics: scores, ...(confusion && { confusion }) };
  console.log(describeOutcome(highlights, outcome, classes).trimEnd());
  if (labels) {
    const columns = ["label", "rows", "precision", "recall", "F1"].map((title, i) => ({
      title,
      ...(i === 0 && { align: "left" as const }),
    }));
    const lines = labels.map((label) => [
      label.label,
      String(label.rows),
      ...[label.precision, label.recall, label.f1].map((share) => percent(share, 1)),
    ]);
    console.log(`\n${table({ columns, rows: lines })}`);
  }
  return EXIT.ok;
}

/** `descent predict` for a model of tables: as many lines as the file has rows, written piece by piece. */
export async function predictTable(model: TableModel, file: string, output: string | undefined): Promise<ExitCode> {
  await requireTable(file);
  const { name, classes, task } = model.recipe.target;
  const titles =
    task === "regression" ? [] : task === "binary" ? [`p(${classes[1]})`] : classes.map((each) => `p(${each})`);
  const isJson = output !== undefined && extname(output).toLowerCase() === ".json";
  let rows = 0;
  const texts = async function* (): AsyncGenerator<string> {
    if (!isJson) yield writeCsv([name, ...titles], []);
    for await (const answers of model.answers(file)) {
      const lines = linesOf(answers, titles.length);
      yield isJson
        ? lines
            .map(
              (line, i) =>
                `${rows + i === 0 ? "[" : ",\n"}${JSON.stringify(Object.fromEntries([name, ...titles].map((title, j) => [title, line[j]])))}`,
            )
            .join("")
        : writeCsv([], lines).slice(1);
      rows += lines.length;
    }
    if (isJson) yield rows === 0 ? "[]\n" : "]\n";
  };
  if (output === undefined) {
    await part(EXIT.data, async () => {
      for await (const text of texts()) process.stdout.write(text);
    });
    return EXIT.ok;
  }
  const beside = `${output}.${process.pid}.tmp`;
  const handle = await open(beside, "wx").catch((error: unknown) =>
    refuse(EXIT.failed, `${output} could not be written: ${reasonOf(error)}`),
  );
  try {
    await part(EXIT.data, async () => {
      for await (const text of texts()) await handle.writeFile(text);
    });
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(beside, { force: true });
    throw error;
  }
  await handle.close();
  await rename(beside, output);
  console.log(`Wrote ${groupDigits(rows)} predictions to ${output}`);
  return EXIT.ok;
}

function linesOf({ values, output, rows }: TableAnswers, probabilities: number): (string | number)[][] {
  // Nine digits are enough to read a float32 back exactly.
  const tidy = (value: number) => Number(value.toPrecision(9));
  return Array.from(rows, (_, row) => {
    const value = values[row] as string | number;
    const shares = [...output.subarray(row * probabilities, (row + 1) * probabilities)].map(tidy);
    return [typeof value === "number" ? tidy(value) : value, ...shares];
  });
}
