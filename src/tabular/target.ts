import type { DataTable } from "../data/index.ts";
import { fail } from "../util/index.ts";
import type { ColumnProfile, KeptColumn, Reading, TableTask } from "./types.ts";

/** A target of more classes is refused. */
const MOST_CLASSES = 200;

/** Whole numbers of so many different values at most are classes. */
const MOST_NUMBER_CLASSES = 5;

export interface Target {
  readonly task: TableTask;
  readonly reading: Reading;
  /** Why this task, for a reader. */
  readonly reason: string;
}

/**
 * What there is to do. Two different values: binary; numbers: regression, or multi-class when they are whole and of at most 5 values; words:
 * multi-class.
 *
 * @throws DescentError for targets that can't be predicted: constants, dates, texts, and words that are nearly all different.
 */
export function taskOf(profile: ColumnProfile, asked: TableTask | undefined, file: string): Target {
  const { name, type, distinct, reading, present } = profile;
  const isNumber = reading.as === "number" || reading.as === "amount";
  const refuse = (what: string, fix?: string) =>
    fail(`${file}: the target "${name}" ${what}`, "numbers or classes to predict", fix);
  if (distinct < 2) refuse(distinct === 0 ? "has no values" : "has the same value in every row");
  if (type === "date") refuse("holds dates", "name another column, or compute a number by --sql");
  if (asked === "regression") {
    return isNumber ? { task: asked, reading, reason: "asked for" } : refuse("holds words", "--task multi-class");
  }
  const byWord: Reading = reading.as === "words" ? reading : { as: "text" };
  if (asked === "binary" && distinct !== 2) refuse(`has ${distinct} different values`, "--task multi-class");
  if (distinct === 2) return { task: "binary", reading: byWord, reason: "two different values" };
  const few = type === "ordinal" && distinct <= MOST_NUMBER_CLASSES;
  if (isNumber && type !== "categorical" && !few && asked !== "multi-class") {
    return {
      task: "regression",
      reading,
      reason: type === "ordinal" ? `${distinct} whole numbers, in order` : "numbers",
    };
  }
  if (distinct > MOST_CLASSES || (type !== "ordinal" && distinct > 0.5 * present)) {
    refuse(`has ${distinct} different values in ${present} rows`, isNumber ? "--task regression" : undefined);
  }
  return {
    task: "multi-class",
    reading: { as: "text" },
    reason: `${distinct} different ${isNumber ? "whole numbers" : "words"}`,
  };
}

/** Names of a target's classes, in order: numbers by size, no before yes, words by letters. Reads the table `rows`. */
export async function classesOf(table: DataTable, { task, reading }: Target, column: KeptColumn): Promise<string[]> {
  if (task === "regression") return [];
  if (reading.as === "words") return [...reading.words];
  const rows = await table.query("SELECT DISTINCT y FROM rows ORDER BY y");
  const names = rows.map(({ y }) => String(y));
  const isNumbers = !column.isText || names.every((name) => Number.isFinite(Number(name)));
  return isNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names;
}

/** A column y of `rows`, read in pieces, as a model's targets: numbers, or the classes' numbers. */
export function encodeTarget(
  values: ArrayLike<number> | readonly (string | null)[],
  task: TableTask,
  classes: readonly string[],
): Float32Array {
  if (task === "regression" || !Array.isArray(values)) return Float32Array.from(values as ArrayLike<number>);
  const places = new Map(classes.map((name, i) => [name, i]));
  return Float32Array.from(values as string[], (value) => places.get(value) ?? Number.NaN);
}
