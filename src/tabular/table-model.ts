import { loadModel, type Model } from "../train/index.ts";
import { fail, nearest } from "../util/index.ts";
import { encodeRows } from "./encode.ts";
import { type KeptTable, keepTable, type SourceOptions } from "./open.ts";
import { targetSql } from "./prepare.ts";
import { isRecipe, type Recipe } from "./recipe.ts";
import { answersOf, scoresOf, type TableScores } from "./scores.ts";
import { readSql } from "./sql.ts";
import { encodeTarget } from "./target.ts";
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
      const y = known ? `, ${targetSql(this.columnIn(kept, file, recipe.target), recipe.target.reading)} AS y` : "";
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
            : Array.from(answersOf(task, output, rows.length), (i) => classes[i] as string);
        const target = batch["y"];
        const given =
          target &&
          encodeTarget(
            (Array.isArray(target) ? target : (target as { data: Float64Array }).data) as Float64Array,
            task,
            classes,
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
    const [targets, outputs]: [number[], number[]] = [[], []];
    let left = 0;
    for await (const { y = new Float32Array(0), output } of this.answers(file, { ...options, known: true })) {
      const size = output.length / y.length;
      y.forEach((value, row) => {
        if (Number.isNaN(value)) left++;
        else {
          targets.push(value);
          for (let i = 0; i < size; i++) outputs.push(output[row * size + i] as number);
        }
      });
    }
    if (targets.length === 0)
      fail(`${file} has no row with a known "${this.recipe.target.name}"`, "the target's column");
    const [y, output] = [Float32Array.from(targets), Float32Array.from(outputs)];
    return { scores: scoresOf(task, y, output), rows: y.length, left, y, output };
  }

  /** Saves the model, with all that it needs, where `loadTableModel` finds it. */
  async save(folder: string): Promise<void> {
    const { task, classes } = this.recipe.target;
    const preprocessing = JSON.parse(JSON.stringify(this.recipe));
    await this.model.save(folder, { preprocessing, labels: task === "regression" ? null : classes });
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
      const most = Math.max(target.place, ...this.recipe.columns.map((column) => column.place));
      const lacking = columns.length === most && place > target.place;
      const column = columns[lacking ? place - 1 : place];
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
