import { loadModel, type Model } from "../train/index.ts";
import { fail, nearest } from "../util/index.ts";
import { answersOf } from "./answers.ts";
import { type Budget, budgetOf, explainMemory } from "./budget.ts";
import { encodeRows } from "./encode.ts";
import { joinLabels } from "./labels.ts";
import { findTable, type KeptTable, type SourceOptions } from "./open.ts";
import { isRecipe, type Recipe, type RecipeColumn } from "./recipe.ts";
import { type LabelScores, TableScorer, type TableScores } from "./scores.ts";
import { readSql } from "./sql.ts";
import { type Strangers, strangersIn, unreadSql } from "./strangers.ts";
import { encodeTarget, targetSql, targetValues, targetWidth } from "./target.ts";
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
  /** Words and values of these rows that the model does not know. */
  readonly strangers: Strangers;
}

/** How a model does on the rows of a file. */
export interface TableEvaluation {
  readonly scores: TableScores;
  /** By how much areas under ROC curves may differ from those of all scores: 0 where these had room. */
  readonly margin: number;
  /** Rows with a known target. */
  readonly rows: number;
  /** Rows without, which are left out. */
  readonly left: number;
  /** Counts by true class (row) and answered class (column), where there are classes. */
  readonly confusion: number[][] | undefined;
  /** How each label does, where there are labels. */
  readonly labels: readonly LabelScores[] | undefined;
}

/** A trained model with all that it needs to answer to rows as they stand in files. */
export class TableModel {
  constructor(
    readonly model: Model,
    readonly recipe: Recipe,
  ) {}

  /**
   * Answers to the rows of a file, in their order and piece by piece: what it takes does not grow with the rows.
   *
   * @param options `known`: whether the file has the target, to compare with; `memory`: megabytes, 512 or more, of which 200 are for Node, the
   * engine and the network, and half of the rest for DuckDB.
   * @throws DescentError for a file that lacks a column (naming the nearest).
   */
  async *answers(file: string, options: SourceOptions & { known?: boolean } = {}): AsyncGenerator<TableAnswers> {
    const budget = await budgetOf("answers", options.memory);
    yield* this.answersWithin(budget, file, options);
  }

  /**
   * Scores the model by a file that has the target; rows where it is missing, or of a class that is new, are left out. The file is read once,
   * piece by piece, and all figures are exact sums but the areas under ROC curves: these keep every score, 4 bytes each, as long as an eighth of
   * `memory` beyond 200 MB has room for it, and then come with a `margin`.
   *
   * @throws DescentError for a file that lacks a column, or has no row with a known target.
   */
  async evaluate(file: string, options: SourceOptions = {}): Promise<TableEvaluation> {
    const { target } = this.recipe;
    const width = targetWidth(target);
    const budget = await budgetOf("evaluate", options.memory);
    const scorer = new TableScorer(target.task, Math.max(1, target.classes.length), budget.scores * 2 ** 20);
    let left = 0;
    for await (const answers of this.answersWithin(budget, file, { ...options, known: true })) {
      const { y = new Float32Array(0), output } = answers;
      const all = y.length / width;
      const known = Uint32Array.from({ length: all }, (_, row) => row).filter((row) => !Number.isNaN(y[row * width]));
      left += all - known.length;
      scorer.add(rowsOf(y, known, width), rowsOf(output, known, output.length / all));
    }
    const { rows, confusion, margin } = scorer;
    if (rows === 0) fail(`${file} has no row with a known "${target.name}"`, "the target's column");
    const labels = target.task === "multi-label" ? scorer.labelScores(target.classes) : undefined;
    return { scores: scorer.scores(), margin, rows, left, confusion, labels };
  }

  private async *answersWithin(
    budget: Budget,
    file: string,
    { known = false, ...source }: SourceOptions & { known?: boolean },
  ): AsyncGenerator<TableAnswers> {
    const { recipe } = this;
    const { database: memory, threads } = budget;
    const header = recipe.header ? undefined : { header: false };
    const sql = recipe.sql !== null && { sql: recipe.sql };
    const charset = recipe.charset !== undefined && { charset: recipe.charset };
    const found = await findTable(file, { ...header, ...sql, ...charset, ...source, memory, threads });
    try {
      const columns = recipe.columns.map((column) => this.columnIn(found, file, column));
      const select = columns.map(
        (column, i) => `${readSql(column, (recipe.columns[i] as RecipeColumn).reading)} AS x${i}`,
      );
      const y = known ? `, ${this.targetIn(found, file)} AS y` : "";
      const typed = await found.table.derive(
        `SELECT "#"::DOUBLE AS "row", ${select.join(", ")}, ${unreadSql(recipe, columns)} AS unread${y} FROM (${found.rows}) AS kept`,
      );
      for await (const batch of typed.dataset().read()) {
        const { data: rows } = batch["row"] as { data: Float64Array };
        const output = Float32Array.from(await (await this.model.predict(encodeRows(recipe, batch))).data());
        const target = batch["y"];
        const given = target && encodeTarget(targetValues(target), recipe.target);
        yield {
          rows: Float64Array.from(rows),
          output,
          values: valuesOf(recipe, output, rows.length),
          y: given,
          strangers: strangersIn(recipe, batch),
        };
      }
    } catch (error) {
      explainMemory(error, file, budget);
    } finally {
      await found.table.close();
    }
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

/** Answers as a file has them: a regression's numbers, or the names of classes or labels. */
function valuesOf(recipe: Recipe, output: Float32Array, rows: number): Float32Array | string[] {
  const { task, classes } = recipe.target;
  if (task === "regression") return output;
  const answers = answersOf(task, output, rows);
  return task === "multi-label" ? labelsOf(recipe, answers) : Array.from(answers, (i) => classes[i] as string);
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
  const preprocessing: unknown = model.facts.preprocessing;
  if (!isRecipe(preprocessing))
    fail(`the model in ${folder} is none of tables`, "one that descent train FILE --target COLUMN wrote");
  return new TableModel(model, preprocessing);
}
