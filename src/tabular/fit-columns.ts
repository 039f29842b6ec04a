import type { DataTable } from "../data/index.ts";
import { fail } from "../util/index.ts";
import { findCodes } from "./cleaning.ts";
import { type FittedColumn, fitFeature } from "./features.ts";
import { Figures } from "./figures.ts";
import { fitFill } from "./fill-model.ts";
import { findLeaks } from "./leakage.ts";
import { fitPieces } from "./pieces.ts";
import type { TableFacts } from "./prepared.ts";
import { type Recipe, type RecipeColumn, widthOf } from "./recipe.ts";
import { piecesFor } from "./rules.ts";
import { classesOf, type Target } from "./target.ts";
import { fitTargetFeature } from "./target-encoding.ts";
import type { ColumnProfile, Finding, KeptColumn } from "./types.ts";
import type { Ways } from "./ways.ts";

/** The table `rows`: its columns x0, x1, ... and y as they are read, and its parts. */
export interface TypedRows {
  readonly table: DataTable;
  /** Columns x0, x1, ..., with their places in the file. */
  readonly learned: readonly { readonly column: KeptColumn; readonly profile: ColumnProfile; readonly place: number }[];
  readonly chosen: Target;
  /** By the columns' places in the file. */
  readonly ways: readonly Ways[];
  /** What the target is called, and its first column. */
  readonly name: string;
  readonly target: KeptColumn;
  readonly trainRows: number;
  readonly seed: number;
  /** Into how many pieces numbers and dates are cut; undefined: by the rules. */
  readonly pieces: number | undefined;
  /** Whether the last rows by a time are held out: their dates lie beyond all pieces, so that none are cut. */
  readonly isByTime: boolean;
}

/** What the training part teaches of columns and target. */
export interface FittedColumns {
  readonly fitted: readonly RecipeColumn[];
  readonly classes: readonly string[];
  readonly moments: Pick<Recipe["target"], "mean" | "deviation">;
}

/** Fits the features of all columns, and says what a reader should know of them. */
export async function fitColumns(
  { table, learned, chosen, ways, name, target, trainRows, seed, pieces, isByTime }: TypedRows,
  file: string,
  findings: Finding[],
): Promise<FittedColumns> {
  const { classes, rare } = await classesOf(table, chosen, target);
  if (rare.length > 0) {
    const some = `${rare.slice(0, 5).join(", ")}${rare.length > 5 ? ", ..." : ""}`;
    findings.push({ kind: "cleaned", column: name, text: `${rare.length} labels are too rare to learn: ${some}` });
  }
  const fitted: RecipeColumn[] = [];
  const names = new Set(["numbers", "output", "y", "sampleWeight"]); // what `fit` calls other things
  const suspects: FittedColumn[] = [];
  const figures = new Figures(table, trainRows);
  const context = { rows: trainRows, target: { task: chosen.task, classes }, seed, figures };
  const all = await Promise.all(
    learned.map(async ({ column, profile, place }, i) => {
      const one: FittedColumn = { profile, id: `x${i}`, ways: ways[place] as Ways };
      const { feature, findings } = await fitFeature(table, one, context);
      const codes = profile.type === "numeric" ? await findCodes(figures, one.id, column.name) : [];
      return { one, column, profile, place, feature, findings: [...findings, ...codes] };
    }),
  );
  for (const { one, column, profile, place, feature, findings: found } of all) {
    findings.push(...found);
    if (!feature) continue;
    if (profile.type !== "text" && profile.type !== "date") suspects.push(one);
    fitted.push({
      name: column.name,
      place,
      reading: profile.reading,
      feature,
      input: widthOf(feature) > 0 ? "numbers" : inputName(column.name, names),
    });
  }
  if (fitted.length === 0) fail(`${file} has no column to predict "${name}" from`, "at least one that varies");
  findings.push(...(await findLeaks(suspects, chosen.task, figures)));
  const ids = fitted.map((column) => learned.findIndex(({ place }) => place === column.place));
  await fitFills(table, fitted, ids, ways);
  const cut = fitted.flatMap(({ place }, i): [number, string][] => {
    const at = learned.findIndex((each) => each.place === place);
    const type = learned[at]?.profile.type;
    return type === "numeric" || (type === "date" && !isByTime) ? [[i, `x${at}`]] : [];
  });
  const count = pieces ?? piecesFor(trainRows, cut.length);
  if (count > 0 && cut.length > 0) await fitPieces(fitted, new Map(cut), count, figures);
  const [moments = {}] =
    chosen.task !== "regression"
      ? []
      : await table.query("SELECT avg(y) AS mean, stddev_pop(y) AS deviation FROM rows WHERE part = 0");
  const { mean, deviation } = moments as Record<string, number>;
  return { fitted, classes, moments: { mean: Number(mean ?? 0), deviation: Number(deviation ?? 1) || 1 } };
}

/** What was fitted before; means of the target, which stand in the table for the rows of the training part, are computed there again. */
export async function fittedBefore(
  { table, learned, seed }: TypedRows,
  { recipe }: TableFacts,
): Promise<FittedColumns> {
  const { target, columns } = recipe;
  for (const { feature, place } of columns) {
    const id = learned.findIndex((each) => each.place === place);
    if (feature.kind === "target") await fitTargetFeature(table, `x${id}`, target, seed);
  }
  return { fitted: columns, classes: target.classes, moments: { mean: target.mean, deviation: target.deviation } };
}

/** Lets models tell the missing numbers of the columns for which that is asked. */
async function fitFills(
  table: DataTable,
  fitted: RecipeColumn[],
  ids: readonly number[],
  ways: readonly Ways[],
): Promise<void> {
  const numbers = fitted.flatMap(({ feature }, place) =>
    feature.kind === "number" ? [{ place, id: `x${ids[place]}` }] : [],
  );
  for (const one of numbers) {
    const column = fitted[one.place] as RecipeColumn;
    if (ways[column.place]?.fill !== "model" || column.feature.kind !== "number") continue;
    const model = await fitFill(
      table,
      one,
      numbers.filter((other) => other !== one),
    );
    if (model) fitted[one.place] = { ...column, feature: { ...column.feature, model } };
  }
}

/** A column's name as an input's: letters, digits and underlines, each once. */
function inputName(name: string, taken: Set<string>): string {
  const plain = name.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_|_$/g, "") || "column";
  let unique = plain;
  for (let i = 2; taken.has(unique); i++) unique = `${plain}_${i}`;
  taken.add(unique);
  return unique;
}
