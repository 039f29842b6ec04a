import { basename, join, resolve } from "node:path";
import {
  answersOf,
  constantAnswers,
  labelScores,
  type PreparedTable,
  type PrepareOptions,
  permutationImportance,
  planTraining,
  prepareTable,
  scoresOf,
  TableModel,
  type TablePart,
  type TableTask,
  trainTable,
} from "../../tabular/index.ts";
import type { Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { writeCsv } from "../data/csv.ts";
import { here, requireFile } from "../data/files.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { groupDigits } from "../format.ts";
import { writeReport } from "../report/index.ts";
import { recorded } from "../runs/record.ts";
import { paint, table as textTable } from "../terminal/index.ts";
import { openCheckpoints, type RunCheckpoints } from "../training/checkpoints.ts";
import { openEngine } from "../training/engine.ts";
import { recordCallbacks, recordOptions, type TrainingArguments } from "../training/records.ts";
import { openOutput } from "../training/write.ts";
import { VERSION } from "../version.ts";
import { trainingCode } from "./code.ts";
import { comparisonTable, type TableResult, tableReport, targetNames, taskName } from "./report.ts";

/** Options of `descent train FILE --target COLUMN`. */
export interface TrainTableArguments extends TrainingArguments {
  target?: string[];
  task?: string;
  ignore?: string[];
  type?: string[];
  timeColumn?: string;
  header?: boolean;
  delimiter?: string;
  sql?: string;
  table?: string;
  scale?: string[];
  encode?: string[];
  fill?: string[];
  outliers?: string;
  indicators?: boolean;
  unknown?: string[];
  resample?: string;
  testSize?: number;
  keepDuplicates?: boolean;
  balance?: boolean;
  memory?: number;
}

const TASKS = ["regression", "binary", "multi-class", "multi-label"];

/** Rows of the test part that the report names as the worst mistakes. */
const WORST = 12;

/** `descent train FILE --target COLUMN`: a table in, a trained, tested and explained model out. */
export async function trainTableCommand(file: string, options: TrainTableArguments): Promise<ExitCode> {
  if (/^\s*(select|from|with)\s/i.test(file))
    refuse(
      EXIT.usage,
      "a query was given as the file",
      "a file",
      `descent train FILE --sql "${file.trim().slice(0, 40)}..." --target COLUMN; the query calls the file data`,
    );
  await requireFile(file, EXIT.data, "a table: .csv, .tsv, .json, .jsonl, .parquet, .duckdb");
  const seed = options.seed ?? 0;
  const prepared = prepareOptions(options, seed);
  const folder =
    options.output === undefined ? resolve("runs", basename(file).replace(/(\.\w+)+$/, "")) : resolve(options.output);
  await openEngine();
  await openOutput(folder);
  const { epochs, balance, precision, resume = false } = options;
  const { seed: _, ...how } = prepared;
  const facts = { kind: "table", source: here(resolve(file)), seed, settings: { ...how, epochs, balance, precision } };
  const checkpoints = await openCheckpoints(folder, resume);
  return recorded(folder, facts, resume, () => trainTableIn(folder, file, prepared, checkpoints, options));
}

/** The work of a run whose folder is open. */
async function trainTableIn(
  folder: string,
  file: string,
  prepared: PrepareOptions,
  checkpoints: RunCheckpoints,
  options: TrainTableArguments,
): Promise<ExitCode> {
  const say = options.quiet ? () => undefined : console.log;
  const { seed = 0, epochs, balance } = options;
  const table = await part(EXIT.data, () => prepareTable(file, prepared));
  try {
    const { task, name } = table.recipe.target;
    const [trainRows, validationRows, testRows] = table.sizes.map(groupDigits);
    say(`${taskName(task)}: ${name} (${table.taskReason}), from ${table.recipe.columns.length} columns of ${file}`);
    say(`Rows: ${trainRows} to train, ${validationRows} to watch, ${testRows} to test`);
    say(`\n${columnsTable(table)}\n`);
    for (const { column, text } of table.findings.filter(({ kind }) => kind === "warning")) {
      say(`${paint("Warning:", "yellow")} ${column === undefined ? "" : `${column}: `}${text}`);
    }
    const [train, validation, test] = [
      await table.part("train"),
      await table.part("validation"),
      await table.part("test"),
    ];
    const callbacks = await part(EXIT.usage, () =>
      recordCallbacks(recordOptions(options), {
        name: basename(folder),
        parameters: { source: file, ...prepared, ...planTraining(task, train.rows.length) },
      }),
    );
    const trained = await part(EXIT.failed, () =>
      trainTable(table, train, validation, {
        seed,
        ...(epochs !== undefined && { epochs }),
        ...(balance !== undefined && { balance }),
        precision: options.precision,
        checkpoint: checkpoints.of,
        fit: { callbacks, ...(options.quiet && { verbose: 0 }) },
      }),
    );
    if (trained.history.interrupted) {
      say("Go on with the same command and --resume");
      return EXIT.interrupted;
    }
    const output = await outputOf(trained.model, test);
    const width = test.y.length / test.rows.length;
    // A resampled part no longer has the classes' shares; the one that is watched has.
    const { y: usual } = prepared.resample === undefined ? train : validation;
    const constant = constantAnswers(task, usual, test.rows.length, table.recipe.target.classes.length);
    const result: TableResult = {
      table,
      trained,
      train,
      test,
      output,
      scores: {
        model: scoresOf(task, test.y, output, width),
        linear: scoresOf(task, test.y, await outputOf(trained.linear, test), width),
        constant: scoresOf(task, test.y, constant, width),
      },
      importance: await permutationImportance(trained.model, table.recipe, test, { seed }),
      worst: await worstOf(table, test, output),
      seed,
    };
    await writeAll(folder, result, prepared, resolve(file));
    await checkpoints.remove();
    const { columns, rows } = comparisonTable(result);
    const titles = columns.map((title, i) => ({ title, ...(i === 0 && { align: "left" as const }) }));
    console.log(`\n${textTable({ columns: titles, rows })}\n`);
    for (const name of ["model", "metrics.json", "report.html", "predictions.csv", "train.ts"])
      say(`Wrote ${paint(here(join(folder, name)), "cyan")}`);
    return EXIT.ok;
  } finally {
    await table.close();
  }
}

function prepareOptions(options: TrainTableArguments, seed: number): PrepareOptions {
  const { target, task, ignore, type, timeColumn, header, delimiter, sql, table, testSize, keepDuplicates, memory } =
    options;
  if (target === undefined || target.length === 0)
    refuse(EXIT.usage, "no target was named", "--target COLUMN: what is to be predicted");
  if (task !== undefined && !TASKS.includes(task)) refuse(EXIT.usage, `--task is ${task}`, TASKS.join(", "));
  const types = (type ?? []).map((pair) => {
    const at = pair.lastIndexOf("=");
    return at > 0
      ? [pair.slice(0, at), pair.slice(at + 1)]
      : refuse(EXIT.usage, `--type is ${pair}`, "NAME=TYPE, such as zip=categorical");
  });
  const given: Record<string, unknown> = {
    target: target.length === 1 ? target[0] : target,
    task: task as TableTask | undefined,
    ignore,
    timeColumn,
    delimiter,
    sql,
    table,
    testSize,
    keepDuplicates,
    memory,
    seed,
  };
  for (const [option, values] of Object.entries({
    scaling: options.scale,
    encoding: options.encode,
    fill: options.fill,
  })) {
    if (values) given[option] = wayOption(option, values);
  }
  if (options.unknown) given["unknown"] = unknownNumbers(options.unknown);
  if (options.resample !== undefined) given["resample"] = options.resample;
  if (options.outliers !== undefined) given["outliers"] = options.outliers;
  if (options.indicators === false) given["indicators"] = false;
  if (types.length > 0) given["types"] = Object.fromEntries(types);
  if (header === false) given["header"] = false;
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as PrepareOptions;
}

/** "age=999" and "age=-1" as { age: [999, -1] }. */
function unknownNumbers(pairs: readonly string[]): Record<string, number[]> {
  const found: Record<string, number[]> = Object.create(null);
  for (const pair of pairs) {
    const at = pair.lastIndexOf("=");
    const value = Number(pair.slice(at + 1));
    if (at < 1 || at + 1 === pair.length || !Number.isFinite(value))
      refuse(EXIT.usage, `--unknown is ${pair}`, "NAME=NUMBER, such as age=999");
    const name = pair.slice(0, at);
    found[name] = [...(found[name] ?? []), value];
  }
  return { ...found };
}

/** "robust", or "area=robust" of several columns; "size=S,M,L" is an order of words. */
function wayOption(option: string, values: readonly string[]): unknown {
  const [first = ""] = values;
  if (!values.some((value) => value.includes("="))) {
    return values.length === 1
      ? first
      : refuse(EXIT.usage, `${values.length} ways of ${option}`, "one, or NAME=WAY for each");
  }
  return Object.fromEntries(
    values.map((value) => {
      const at = value.lastIndexOf("=");
      if (at < 1) refuse(EXIT.usage, `${value} beside ${option} of columns`, "NAME=WAY for each");
      const way = value.slice(at + 1);
      return [value.slice(0, at), way.includes(",") ? way.split(",").map((word) => word.trim()) : way];
    }),
  );
}

function columnsTable({ profiles, recipe }: Pick<PreparedTable, "profiles" | "recipe">): string {
  const targets = targetNames(recipe);
  const rows = profiles.map(({ name, type, reason, missing, present }) => [
    name,
    targets.includes(name) ? (targets.length > 1 ? "a target" : "the target") : type,
    missing > 0 ? `${((100 * missing) / (missing + present)).toFixed(1)} %` : "",
    reason,
  ]);
  const columns = [
    { title: "column", align: "left" as const },
    { title: "type", align: "left" as const },
    { title: "missing" },
    { title: "because", align: "left" as const },
  ];
  return textTable({ columns, rows });
}

async function outputOf(model: Model, { x }: TablePart): Promise<Float32Array> {
  return Float32Array.from(await (await model.predict(x)).data());
}

/** Rows of the test part with the greatest errors, or the answers that were surest and wrong. */
async function worstOf(
  table: TableResult["table"],
  test: TablePart,
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

async function writeAll(folder: string, result: TableResult, options: PrepareOptions, file: string): Promise<void> {
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
  const rows = Array.from(test.rows, (row, i) => {
    if (task === "multi-label") {
      const [start, stop] = [i * size, (i + 1) * size];
      const named = (values: Float32Array | Int32Array) => classes.filter((_, k) => values[start + k] === 1).join("; ");
      return [row, named(test.y), named(labels), ...output.subarray(start, stop)];
    }
    if (task === "regression") return [row, test.y[i] as number, output[i] as number];
    const probabilities = [...output.subarray(i * size, (i + 1) * size)];
    return [row, classes[test.y[i] as number] ?? "", classes[labels[i] as number] ?? "", ...probabilities];
  });
  const titles =
    task === "regression" ? [] : task === "binary" ? [`p(${classes[1]})`] : classes.map((each) => `p(${each})`);
  await writeFileAtomic(join(folder, "predictions.csv"), writeCsv(["row", name, "predicted", ...titles], rows));
  await writeFileAtomic(join(folder, "train.ts"), trainingCode(table, trained, options, folder, file));
}
