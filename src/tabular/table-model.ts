import { loadModel, type Model } from "../train/index.ts";
import { fail, nearest } from "../util/index.ts";
import { encodeRows } from "./encode.ts";
import { joinNumbers } from "./join.ts";
import { joinLabels } from "./labels.ts";
import { type KeptTable, keepTable, type SourceOptions } from "./open.ts";
import { isRecipe, type Recipe } from "./recipe.ts";
import { answersOf, scoresOf, type TableScores } from "./scores.ts";
import { readSql } from "./sql.ts";
import { encodeTarget, targetSql, targetWidth } from "./target.ts";
import type { KeptColumn } from "./types.ts";

/** A model's answers to some rows of a file. */
export interface TableAnswers {
  /** Numbers of the rows, counted from 1. */
  readonly rows: Float64Array;
  /** Numbers, the probability of the second class, or probabilities [rows, classes]. */
  readonly output: Float32Array;
  /** A regression's numbers, or the names of the classes. */
  readonly values: Float32Array | string[];
  /** What the file says, where that was asked for; NaN where it says nothing. */
  readonly y: Float32Array | undefined;
}

/** A trained model with all that it needs to answer to rows as they stand in files. */
export class TableModel {
  constructor(
    readonly model: Model,
    readonly recipe: Recipe,
  ) {}

  /**
   * Answers to the rows of a file, piece by piece.
   *
   * @param known whether the file has the target, to compare with.
   * @throws DescentError for a file that lacks a column (naming the nearest).
   */
  async *answers(file: string, options: SourceOptions & { known?: boolean } = {}): AsyncGenerator<TableAnswers> {
    const { recipe } = this;
    const { known = false, ...source } = options;
    const header = recipe.header ? undefined : { header: false };
    const kept = await keepTable(file, { ...header, ...(recipe.sql !== null && { sql: recipe.sql }), ...source });
    try {
      const select = recipe.columns.map(
        (column, i) => `${readSql(this.columnIn(kept, file, column), column.reading)} AS x${i}`,
      );
      const y = known ? `, ${this.targetIn(kept, file)} AS y` : "";
      const typed = await kept.table.derive(
        `SELECT "#"::DOUBLE AS "row", ${select.join(", ")}${y} FROM kept ORDER BY "#"`,
      );
      const { task, classes } = recipe.target;
      for await (const batch of typed.dataset().read()) {
        const { data: rows } = batch["row"] as { data: Float64Array };
        const output = Float32Array.from(await (await this.model.predict(encodeRows(recipe, batch))).data());
        const values =
          task === "regression"
            ? output
            : task === "multi-label"
              ? labelsOf(recipe, answersOf(task, output, rows.length))
              : Array.from(answersOf(task, output, rows.length), (i) => classes[i] as string);
        const target = batch["y"];
        const given =
          target &&
          encodeTarget(
            (Array.isArray(target) ? target : (target as { data: Float64Array }).data) as Float64Array,
            recipe.target,
          );
        yield { rows: Float64Array.from(rows), output, values, y: given };
      }
    } finally {
      await kept.table.close();
    }
  }

  /** Scores the model by a file that has the target; rows where it is missing, or of a class that is new, are left out. */
  async evaluate(
    file: string,
    options: SourceOptions = {},
  ): Promise<{ scores: TableScores; rows: number; left: number; y: Float32Array; output: Float32Array }> {
    const { task } = this.recipe.target;
    const width = targetWidth(this.recipe.target);
    const [targets, outputs]: [Float32Array[], Float32Array[]] = [[], []];
    let left = 0;
    for await (const { y = new Float32Array(0), output } of this.answers(file, { ...options, known: true })) {
      const all = y.length / width;
      const known = Uint32Array.from({ length: all }, (_, row) => row).filter((row) => !Number.isNaN(y[row * width]));
      left += all - known.length;
      targets.push(rowsOf(y, known, width));
      outputs.push(rowsOf(output, known, output.length / all));
    }
    const [y, output] = [joinNumbers(Float32Array, targets), joinNumbers(Float32Array, outputs)];
    if (y.length === 0) fail(`${file} has no row with a known "${this.recipe.target.name}"`, "the target's column");
    return { scores: scoresOf(task, y, output, width), rows: y.length / width, left, y, output };
  }

  /** Saves the model, with all that it needs, where `loadTableModel` finds it. */
  async save(folder: string): Promise<void> {
    const { task, classes } = this.recipe.target;
    const preprocessing = JSON.parse(JSON.stringify(this.recipe));
    await this.model.save(folder, { preprocessing, labels: task === "regression" ? null : classes });
  }

  private targetIn(kept: KeptTable, file: string): string {
    const { target } = this.recipe;
    const sources = target.labels?.by === "columns" ? target.labels.columns : [target];
    const columns = new Map(sources.map((source) => [source.place, this.columnIn(kept, file, source)]));
    return targetSql(target, (place) => columns.get(place) as KeptColumn);
  }

  private columnIn(
    { columns, header }: KeptTable,
    file: string,
    { name, place }: { name: string; place: number },
  ): KeptColumn {
    const found = columns.find((column) => column.name === name);
    if (found && header) return found;
    if (!this.recipe.header) {
      // Files without names: with the target's column, or without it.
      const { target } = this.recipe;
      const targets = (target.labels?.by === "columns" ? target.labels.columns : [target]).map((each) => each.place);
      const most = Math.max(...targets, ...this.recipe.columns.map((column) => column.place));
      const lacking = columns.length === most + 1 - targets.length;
      const column = columns[lacking ? place - targets.filter((each) => each < place).length : place];
      return (
        column ??
        fail(
          `${file} has ${columns.length} columns`,
          `${most + 1}, as the training had, or the same without the target`,
        )
      );
    }
    const near = nearest(
      name,
      columns.map((column) => column.name),
    );
    return fail(`${file} has no column "${name}"`, "the columns of the training", near && `did you mean "${near}"?`);
  }
}

/** Some rows of `width` numbers each. */
function rowsOf(values: Float32Array, rows: Uint32Array, width: number): Float32Array {
  if (rows.length * width === values.length) return values;
  const some = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    some.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return some;
}

/** The labels of every row as its source writes them. */
function labelsOf({ target: { classes, labels } }: Recipe, answers: Int32Array): string[] {
  return Array.from({ length: answers.length / classes.length }, (_, row) =>
    joinLabels(
      labels,
      classes.filter((_, i) => answers[row * classes.length + i] === 1),
    ),
  );
}

/**
 * A model that `descent train FILE --target COLUMN` or {@link TableModel.save} wrote.
 *
 * @throws DescentError for a folder without a model, and for one of another kind.
 */
export async function loadTableModel(folder: string): Promise<TableModel> {
  const model = await loadModel(folder);
  const { preprocessing } = model.facts;
  if (!isRecipe(preprocessing))
    fail(`the model in ${folder} is none of tables`, "one that descent train FILE --target COLUMN wrote");
  return new TableModel(model, preprocessing as unknown as Recipe);
}
