import { once } from "node:events";
import { extname } from "node:path";
import {
  bothStrangers,
  isRecipe,
  type LabelScores,
  NO_STRANGERS,
  type Strangers,
  type TableAnswers,
  TableModel,
} from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { CliError, EXIT, type ExitCode, part, reasonOf, refuse } from "../exit.ts";
import { formatMetric, groupDigits, percent, scoreTitle } from "../format.ts";
import { classScores } from "../scores.ts";
import { table } from "../terminal/index.ts";
import { describeOutcome } from "../training/show.ts";
import { chanceTitles } from "./answers.ts";
import { requireTable } from "./source.ts";

/** The model with its recipe, when it was trained on a table. */
export function tableModelOf(model: Model): TableModel | undefined {
  const preprocessing: unknown = model.facts.preprocessing;
  return isRecipe(preprocessing) ? new TableModel(model, preprocessing) : undefined;
}

/** How a table is used. */
export interface UseOptions {
  /** Megabytes that it may take. */
  readonly memory: number | undefined;
}

/** `descent evaluate` for a model of tables: the file is read once, in pieces. */
export async function evaluateTable(
  model: TableModel,
  file: string,
  { json, memory }: UseOptions & { json: boolean },
): Promise<ExitCode> {
  await requireTable(file);
  const { scores, margin, rows, left, confusion, labels } = await part(EXIT.data, () =>
    model.evaluate(file, { memory }),
  );
  const { classes } = model.recipe.target;
  if (json) {
    console.log(
      JSON.stringify(
        {
          samples: rows,
          ...scores,
          ...(margin > 0 && { aucMargin: margin }),
          confusion,
          perClass: confusion && classScores(confusion),
          labels,
        },
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
    label: scoreTitle(name),
    value: formatMetric(name, value),
  }));
  if (margin > 0)
    console.log(
      `${scoreTitle("auc")} is right to ${margin.toPrecision(1)}: the scores of all rows have no room in memory (--memory)`,
    );
  const outcome = { samples: rows, metrics: scores, ...(confusion && { confusion }) };
  console.log(describeOutcome(highlights, outcome, classes).trimEnd());
  if (labels) console.log(`\n${labelsTable(labels)}`);
  return EXIT.ok;
}

/** How every label does, for the terminal. */
export function labelsTable(labels: readonly LabelScores[]): string {
  const columns = ["label", "rows", "precision", "recall", "F1"].map((title, i) => ({
    title,
    ...(i === 0 && { align: "left" as const }),
  }));
  const rows = labels.map((label) => [
    label.label,
    String(label.rows),
    ...[label.precision, label.recall, label.f1].map((share) => percent(share, 1)),
  ]);
  return table({ columns, rows });
}

/** `descent predict` for a model of tables: as many lines as the file has rows, in their order, written piece by piece. */
export async function predictTable(
  model: TableModel,
  file: string,
  { output, memory }: UseOptions & { output: string | undefined },
): Promise<ExitCode> {
  await requireTable(file);
  const { name } = model.recipe.target;
  const titles = chanceTitles(model.recipe.target);
  const isJson = output !== undefined && extname(output).toLowerCase() === ".json";
  let rows = 0;
  let strangers = NO_STRANGERS;
  const texts = async function* (): AsyncGenerator<string> {
    if (!isJson) yield writeCsv([name, ...titles], []);
    for await (const answers of model.answers(file, { memory })) {
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
      strangers = bothStrangers(strangers, answers.strangers);
    }
    if (isJson) yield rows === 0 ? "[]\n" : "]\n";
  };
  if (output === undefined) {
    await part(EXIT.data, async () => {
      for await (const text of texts()) if (!process.stdout.write(text)) await once(process.stdout, "drain");
    });
    for (const line of strangerLines(strangers)) console.error(line);
    return EXIT.ok;
  }
  await writeFileAtomic(output, refusing(texts())).catch((error: unknown) => {
    if (error instanceof CliError) throw error;
    refuse(EXIT.failed, `${output} could not be written: ${reasonOf(error)}`);
  });
  console.log(`Wrote ${groupDigits(rows)} predictions to ${output}`);
  for (const line of strangerLines(strangers)) console.log(line);
  return EXIT.ok;
}

/** Columns that are named of those with strange words or values. */
const NAMED = 5;

/** What a reader of the answers should know of the rows. */
function strangerLines({ words, values }: Strangers): string[] {
  const told = ({ rows, columns }: Strangers["words"], what: string, then: string) => {
    if (rows === 0) return [];
    const most = [...columns].sort((a, b) => b[1] - a[1]);
    const named = most.slice(0, NAMED).map(([name, count]) => `${name} (${groupDigits(count)})`);
    if (most.length > NAMED) named.push(`${groupDigits(most.length - NAMED)} other columns`);
    return [`${rows === 1 ? "1 row has" : `${groupDigits(rows)} rows have`} ${what}: ${named.join(", ")}; ${then}`];
  };
  return [
    ...told(words, "words that the model does not know", "they are taken as rare words were"),
    ...told(values, "values that are not of their column's kind", "they count as missing"),
  ];
}

/** The same pieces; what goes wrong while they are made is the data's fault, and not that of the file they are written to. */
async function* refusing(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  try {
    yield* pieces;
  } catch (error) {
    await part(EXIT.data, () => Promise.reject(error));
  }
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
