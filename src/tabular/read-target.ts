import { checkOptions, fail } from "../util/index.ts";
import { Figures } from "./figures.ts";
import { joinNumbers } from "./join.ts";
import { labelsOf } from "./labels.ts";
import { columnOf, type KeptTable, keepTable, takeSample } from "./open.ts";
import { profileColumn } from "./profile.ts";
import type { Recipe } from "./recipe.ts";
import { checkTask, classesOf, encodeTarget, targetSql, targetValues, targetWidth, taskOf } from "./target.ts";
import { type ColumnProfile, type KeptColumn, TABLE_TASKS, type TableTask } from "./types.ts";

/** A table of paths and targets is small: megabytes that DuckDB may take of it. */
const DATABASE = { memory: 1024, threads: undefined };

/** What a table's target means: JSON, by which another table's is read likewise. */
export type TargetMeaning = Omit<Recipe["target"], "mean" | "deviation">;

/** A target of a table whose rows are described elsewhere, such as by images. */
export interface TableTarget {
  readonly meaning: TargetMeaning;
  /** Why this task, for a reader. */
  readonly reason: string;
  /** Of every row: a number, a class's number, or 1 and 0 for each label, [rows, labels]; NaN where nothing is known. */
  readonly y: Float32Array;
  /** Labels that occur less than five times, and are not learned. */
  readonly rare: readonly string[];
}

/** How `readTarget` reads a target. */
export interface ReadTargetOptions {
  /** The column to predict: its name, or its number from 1 on; or several of yes and no, which are labels. */
  readonly target: string | number | readonly (string | number)[];
  /** Default: by the target's values, as `prepareTable` chooses. */
  readonly task?: TableTask | undefined;
}

/**
 * Reads what is to be predicted, where a table names that alone: the task is chosen by the rules of `prepareTable`, but for the number of
 * classes, which has no limit.
 *
 * @param source a file of CSV, TSV, JSON, JSON lines or Parquet.
 * @throws DescentError for columns that are not there (naming the nearest), and targets that can't be predicted.
 * @example
 * const lines = Array.from({ length: 40 }, (_, i) => `${i}.png,${20 + i / 2}\n`);
 * writeFileSync("ages.csv", `file,age\n${lines.join("")}`);
 * const { meaning, y } = await readTarget("ages.csv", { target: "age" }); // meaning.task: "regression", y: 20, 20.5, ...
 */
export async function readTarget(source: string, options: ReadTargetOptions): Promise<TableTarget> {
  checkOptions("readTarget", options, ["target", "task"]);
  checkTask(options.task);
  const kept = await keepTable(source, DATABASE);
  const { table, columns } = kept;
  try {
    const targets = [options.target].flat().map((name) => columnOf(columns, String(name), "column", source));
    const target = targets[0] ?? fail("readTarget: target is an empty list", "a column, or several");
    const { rows, sample } = await takeSample(table);
    const look = { table, sample, figures: new Figures(table, rows) };
    const profiles: ColumnProfile[] = [];
    for (const column of targets) profiles[columns.indexOf(column)] = await profileColumn(look, column, true);
    const place = columns.indexOf(target);
    const labels = await labelsOf(kept, targets, profiles, options.task, source);
    const profile = profiles[place] as ColumnProfile;
    const { reason, ...chosen } = taskOf(profile, options.task, labels, source, Number.POSITIVE_INFINITY);
    const sql = targetSql({ ...chosen, place }, (at) => columns[at] as KeptColumn);
    await table.query(
      `CREATE VIEW rows AS SELECT * FROM (SELECT "#", 0 AS part, ${sql} AS y FROM kept) WHERE y IS NOT NULL`,
    );
    const { classes, rare } = await classesOf(table, { ...chosen, reason }, target);
    const meaning = { name: targets.map(({ name }) => name).join(", "), place, classes, ...chosen };
    return { meaning, reason, y: await valuesOf(kept, sql, meaning), rare };
  } finally {
    await table.close();
  }
}

/**
 * The target of another table, read as that of the training was; see {@link readTarget}.
 *
 * @param names of its columns, where they are others than the training's.
 */
export async function readKnownTarget(
  source: string,
  meaning: TargetMeaning,
  names?: readonly string[],
): Promise<Float32Array> {
  const kept = await keepTable(source, DATABASE);
  try {
    const sources = meaning.labels?.by === "columns" ? meaning.labels.columns : [meaning];
    if (names && names.length !== sources.length)
      fail(`${names.length} targets were named`, `${sources.length}, as the training had: ${meaning.name}`);
    const found = sources.map(
      ({ name, place }, i) => [place, columnOf(kept.columns, names?.[i] ?? name, "column", source)] as const,
    );
    const byPlace = new Map(found);
    return await valuesOf(
      kept,
      targetSql(meaning, (place) => byPlace.get(place) as KeptColumn),
      meaning,
    );
  } finally {
    await kept.table.close();
  }
}

/** A target's values in the order of the rows. */
async function valuesOf({ table }: KeptTable, sql: string, meaning: TargetMeaning): Promise<Float32Array> {
  const pieces: Float32Array[] = [];
  const typed = await table.derive(`SELECT ${sql} AS y FROM kept ORDER BY "#"`);
  for await (const { y } of typed.dataset().read()) pieces.push(encodeTarget(targetValues(y), meaning));
  return joinNumbers(Float32Array, pieces);
}

/** True of what {@link TargetMeaning} describes, as far as a loaded model can be trusted to hold one. */
export function isTargetMeaning(value: unknown): value is TargetMeaning {
  const { name, task, classes, reading } = (value ?? {}) as Partial<TargetMeaning>;
  const isNamed = typeof name === "string" && Array.isArray(classes) && typeof reading === "object";
  return isNamed && TABLE_TASKS.some((each) => each === task);
}

/** A row whose target is known. */
export function isKnown(y: Float32Array, meaning: Pick<TargetMeaning, "task" | "classes">, row: number): boolean {
  return !Number.isNaN(y[row * targetWidth(meaning)]);
}
