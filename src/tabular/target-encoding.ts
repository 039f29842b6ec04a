import type { DataTable } from "../data/index.ts";
import type { Recipe, TargetFeature } from "./recipe.ts";
import { byChance } from "./split.ts";
import { targetsSql } from "./target.ts";

/** Rows like the whole training part that every word is mixed with (Micci-Barreca, 2001): rare words stay near the mean. */
const SMOOTHING = 10;

/** Parts of the training part: a row's figures come from the rows of the others. */
const FOLDS = 5;

/** Words whose figures are kept, the most frequent ones; fewer where each has many figures. */
const MOST_FIGURES = 50_000;

/**
 * Words as the mean of the target in their rows, (sum + 10 mean of all) / (rows + 10); "" stands for missing ones. What is known of a word from
 * its own row would give the target away, so rows of the training part get means of the other four fifths: in the column e3 of `rows`
 * beside the words x3. Means and folds are computed in SQL.
 */
export async function fitTargetFeature(
  table: DataTable,
  id: string,
  target: Pick<Recipe["target"], "task" | "classes">,
  seed: number,
): Promise<TargetFeature> {
  const values = targetsSql(target);
  const each = values.map((sql, i) => `${sql} AS v${i}`).join(", ");
  const training = `(SELECT "#", coalesce(${id}, '') AS word, ${each} FROM rows WHERE part = 0)`;
  const [means = {}] = await table.query(
    `SELECT ${values.map((_, i) => `avg(v${i}) AS m${i}`).join(", ")} FROM ${training}`,
  );
  const prior = values.map((_, i) => Number(means[`m${i}`]));
  const most = Math.floor(MOST_FIGURES / values.length);
  const counted = await table.query(`
    SELECT word, count(*)::DOUBLE AS n, ${values.map((_, i) => `sum(v${i})::DOUBLE AS s${i}`).join(", ")}
    FROM ${training} GROUP BY word ORDER BY n DESC, word LIMIT ${most}`);
  const words = counted.map(({ word }) => String(word));
  const figures = counted.map((row) =>
    prior.map((mean, i) => (Number(row[`s${i}`]) + SMOOTHING * mean) / (Number(row["n"]) + SMOOTHING)),
  );
  const folded = `(SELECT *, row_number() OVER (ORDER BY md5(concat("#", ' fold ', ${Math.trunc(seed)}))) % ${FOLDS} AS fold FROM ${training})`;
  const others = (what: string, within: string) =>
    `${what} OVER (${within && `PARTITION BY ${within}`}) - ${what} OVER (PARTITION BY ${within && `${within}, `}fold)`;
  const outside = values.map(
    (_, i) =>
      `(${others(`sum(v${i})`, "word")} + ${SMOOTHING} * (${others(`sum(v${i})`, "")}) / (${others("count(*)", "")}))
        / (${others("count(*)", "word")} + ${SMOOTHING})`,
  );
  const own = `e${id.slice(1)}`;
  await table.query(`
    CREATE OR REPLACE TABLE rows AS SELECT rows.*, ${own} FROM rows LEFT JOIN
      (SELECT "#", [${outside.join(", ")}]::DOUBLE[${values.length}] AS ${own} FROM ${folded}) USING ("#") ${byChance(seed)}`);
  const [spread = {}] = await table.query(
    `SELECT ${values.map((_, i) => `avg(${own}[${i + 1}]) AS m${i}, stddev_pop(${own}[${i + 1}]) AS d${i}`).join(", ")} FROM rows WHERE part = 0`,
  );
  return {
    kind: "target",
    words,
    figures,
    prior,
    center: values.map((_, i) => Number(spread[`m${i}`])),
    scale: values.map((_, i) => Number(spread[`d${i}`]) || 1),
  };
}

const lookups = new WeakMap<TargetFeature, Map<string, number>>();

/** Writes a row's figures: those of its word, or of all where it is new. */
export function writeTarget(feature: TargetFeature, word: string | null, out: Float32Array, at: number): void {
  let places = lookups.get(feature);
  if (!places) {
    places = new Map(feature.words.map((each, i) => [each, i]));
    lookups.set(feature, places);
  }
  const place = places.get(word ?? "");
  writeFigures(
    feature,
    place === undefined ? feature.prior : (feature.figures[place] as readonly number[]),
    0,
    out,
    at,
  );
}

/** Writes figures that were computed before: those of the training part. */
export function writeFigures(
  { center, scale }: TargetFeature,
  figures: ArrayLike<number>,
  start: number,
  out: Float32Array,
  at: number,
): void {
  center.forEach((mean, i) => {
    out[at + i] = ((figures[start + i] as number) - mean) / (scale[i] as number);
  });
}
