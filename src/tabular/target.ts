import type { DataTable } from "../data/index.ts";
import { fail, unknownName } from "../util/index.ts";
import { encodeLabels, type LabelsFound, labelNames, labelsSql } from "./labels.ts";
import type { Recipe } from "./recipe.ts";
import { readSql, sqlText } from "./sql.ts";
import {
  type ColumnProfile,
  type KeptColumn,
  type LabelSource,
  type Reading,
  TABLE_TASKS,
  type TableTask,
} from "./types.ts";

/** A table's target of more classes is refused. */
const MOST_CLASSES = 200;

/** Whole numbers of so many different values at most are classes; of up to ten, where their column is called so. */
const MOST_NUMBER_CLASSES = 5;
const CLASSES_BY_NAME = /(^|[^a-z])(class|label|category)$/i;

export interface Target {
  readonly task: TableTask;
  readonly reading: Reading;
  /** Why this task, for a reader. */
  readonly reason: string;
  readonly labels?: LabelSource;
}

/** Fails for what is no task. */
export function checkTask(task: TableTask | undefined): void {
  if (task !== undefined && !TABLE_TASKS.includes(task)) unknownName("task", String(task), TABLE_TASKS);
}

/**
 * What there is to do. Two different values: binary; numbers: regression, or multi-class when they are whole and of at most 5 values, or of at
 * most 10 in a column that is called class, label or category; words:
 * multi-label where they are lists or several with a separator (`findLabels`), else multi-class.
 *
 * @throws DescentError for targets that can't be predicted: constants, dates, texts, and words that are nearly all different.
 */
export function taskOf(
  profile: ColumnProfile,
  asked: TableTask | undefined,
  labels: LabelsFound | undefined,
  file: string,
  mostClasses = MOST_CLASSES,
): Target {
  const { name, type, distinct, reading, present, missing } = profile;
  if (present + missing === 0)
    fail(`${file} has no rows`, "a line for each, below the one with the names of the columns");
  const isNumber = reading.as === "number" || reading.as === "amount";
  const refuse = (what: string, fix?: string) =>
    fail(`${file}: the target "${name}" ${what}`, "numbers or classes to predict", fix);
  if (distinct < 2) refuse(distinct === 0 ? "has no values" : "has the same value in every row");
  if (labels && (asked ?? "multi-label") === "multi-label") {
    return { task: "multi-label", reading: { as: "text" }, reason: labels.reason, labels: labels.source };
  }
  if (asked === "multi-label") {
    refuse(
      "holds neither lists nor words with ; or | or , between",
      "name several columns of yes and no: --target A --target B",
    );
  }
  if (type === "date") refuse("holds dates", "name another column, or compute a number by --sql");
  if (asked === "regression") {
    return isNumber ? { task: asked, reading, reason: "asked for" } : refuse("holds words", "--task multi-class");
  }
  const byWord: Reading = reading.as === "words" ? reading : { as: "text" };
  if (asked === "binary" && distinct !== 2) refuse(`has ${distinct} different values`, "--task multi-class");
  if (distinct === 2) return { task: "binary", reading: byWord, reason: "two different values" };
  const few = type === "ordinal" && (distinct <= MOST_NUMBER_CLASSES || CLASSES_BY_NAME.test(name));
  if (isNumber && type !== "categorical" && !few && asked !== "multi-class") {
    return {
      task: "regression",
      reading,
      reason: type === "ordinal" ? `${distinct} whole numbers, in order` : "numbers",
    };
  }
  if (distinct > mostClasses || (type !== "ordinal" && distinct > 0.5 * present)) {
    refuse(`has ${distinct} different values in ${present} rows`, isNumber ? "--task regression" : undefined);
  }
  return {
    task: "multi-class",
    reading: { as: "text" },
    reason: `${distinct} different ${isNumber ? "whole numbers" : "words"}`,
  };
}

/** Names of a target's classes, in order: numbers by size, no before yes, words by letters. Reads the table `rows`. */
export async function classesOf(
  table: DataTable,
  { task, reading, labels }: Target,
  column: KeptColumn,
): Promise<{ classes: string[] /** Labels that are too rare to learn. */; rare: string[] }> {
  const rare: string[] = [];
  if (labels) return labelNames(table, labels, column.name);
  if (task === "regression") return { classes: [], rare };
  if (reading.as === "words") return { classes: [...reading.words], rare };
  const rows = await table.query("SELECT DISTINCT y FROM rows ORDER BY y");
  const names = rows.map(({ y }) => String(y));
  const isNumbers = !column.isText || names.every((name) => Number.isFinite(Number(name)));
  return { classes: isNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names, rare };
}

/** A target as it is read: the classes by their words, labels as one text. */
export function targetSql(
  { reading, labels, place }: Pick<Recipe["target"], "reading" | "labels" | "place">,
  columnAt: (place: number) => KeptColumn,
): string {
  if (labels) return labelsSql(labels, columnAt, place);
  const value = readSql(columnAt(place), reading);
  if (reading.as !== "words") return value;
  const [no, yes] = reading.words.map(sqlText);
  return `CASE ${value} WHEN 1.0 THEN ${yes} WHEN 0.0 THEN ${no} END`;
}

/** What is averaged: the number, the second class of two, each of several classes or labels. */
export function targetsSql({ task, classes }: Pick<Recipe["target"], "task" | "classes">): string[] {
  if (task === "regression") return ["y"];
  if (task === "binary") return [`(y = ${sqlText(classes[1] as string)})::DOUBLE`];
  if (task === "multi-class") return classes.map((name) => `(y = ${sqlText(name)})::DOUBLE`);
  return classes.map((name) => `list_contains(string_split(y, chr(31)), ${sqlText(name)})::DOUBLE`);
}

/** The means of what {@link targetsSql} tells of the rows of a table with the column y. */
export async function targetMeans(
  table: DataTable,
  from: string,
  target: Pick<Recipe["target"], "task" | "classes">,
): Promise<number[]> {
  const values = targetsSql(target).map((sql, i) => `avg(${sql}) AS m${i}`);
  const [row = {}] = await table.query(`SELECT ${values.join(", ")} FROM ${from}`);
  return values.map((_, i) => Number(row[`m${i}`]));
}

/** Numbers that a model answers to a row as its target has them: a number, a class's number, or 1 and 0 for every label. */
export function targetWidth({ task, classes }: Pick<Recipe["target"], "task" | "classes">): number {
  return task === "multi-label" ? classes.length : 1;
}

/** The values of a column y, as pieces of a table have them. */
export function targetValues(column: unknown): ArrayLike<number> | readonly (string | null)[] {
  return Array.isArray(column) ? column : (column as { data: Float64Array }).data;
}

/** A column y of `rows`, read in pieces, as a model's targets: numbers, the classes' numbers, or labels [rows, classes]. */
export function encodeTarget(
  values: ArrayLike<number> | readonly (string | null)[],
  { task, classes }: Pick<Recipe["target"], "task" | "classes">,
): Float32Array {
  if (task === "multi-label") return encodeLabels(values as readonly (string | null)[], classes);
  if (task === "regression" || !Array.isArray(values)) return Float32Array.from(values as ArrayLike<number>);
  const places = new Map(classes.map((name, i) => [name, i]));
  return Float32Array.from(values as string[], (value) => places.get(value) ?? Number.NaN);
}
