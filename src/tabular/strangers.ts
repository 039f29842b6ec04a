import type { Batch } from "../data/index.ts";
import type { Feature, Recipe } from "./recipe.ts";
import { readSql } from "./sql.ts";
import type { KeptColumn } from "./types.ts";

/** What of a file's rows a model could not take as it learned: rows with some of it, and how many have it by column (values: by the first such column). */
export interface Strangers {
  /** Words that are none of those the model knows: it takes them for rare ones, or for those of its mean. */
  readonly words: { readonly rows: number; readonly columns: ReadonlyMap<string, number> };
  /** Values that can't be read as their column's were, such as words among numbers: they count as missing. */
  readonly values: { readonly rows: number; readonly columns: ReadonlyMap<string, number> };
}

const NONE = { rows: 0, columns: new Map<string, number>() };

/** Nothing that is strange. */
export const NO_STRANGERS: Strangers = { words: NONE, values: NONE };

/** SQL of the place in the recipe of a row's first column whose value can't be read; NULL where all can. */
export function unreadSql(recipe: Recipe, columns: readonly KeptColumn[]): string {
  const cases = recipe.columns.flatMap(({ reading }, i) => {
    const column = columns[i] as KeptColumn;
    return reading.as === "text" || (reading.as === "number" && !column.isText && !column.isDate && !reading.unknown)
      ? []
      : [`WHEN ${column.id} IS NOT NULL AND ${readSql(column, withoutUnknown(reading))} IS NULL THEN ${i}`];
  });
  return cases.length === 0 ? "NULL::DOUBLE" : `(CASE ${cases.join(" ")} END)::DOUBLE`;
}

/** Numbers that mean "unknown" are read: as that. */
function withoutUnknown(reading: Recipe["columns"][number]["reading"]): typeof reading {
  return "unknown" in reading ? { ...reading, unknown: [] } : reading;
}

/** What is strange in a batch of the columns x0, x1, ..., and `unread`. */
export function strangersIn(recipe: Recipe, batch: Batch): Strangers {
  const { data } = batch["unread"] as { data: Float64Array };
  const [words, values] = [new Map<string, number>(), new Map<string, number>()];
  let unread = 0;
  for (const place of data) {
    if (Number.isNaN(place)) continue;
    unread++;
    count(values, recipe.columns[place]?.name ?? "", 1);
  }
  const isStrange = new Uint8Array(data.length);
  recipe.columns.forEach(({ name, feature }, i) => {
    const known = knownWords(feature);
    const texts = batch[`x${i}`];
    if (!known || !Array.isArray(texts)) return;
    let rows = 0;
    for (let row = 0; row < texts.length; row++) {
      const text = texts[row] as string | null;
      if (text === null || known.has(text)) continue;
      isStrange[row] = 1;
      rows++;
    }
    if (rows > 0) count(words, name, rows);
  });
  const strange = isStrange.reduce((sum, one) => sum + one, 0);
  return { words: { rows: strange, columns: words }, values: { rows: unread, columns: values } };
}

/** Of two parts of a file together. */
export function bothStrangers(a: Strangers, b: Strangers): Strangers {
  const sum = (x: Strangers["words"], y: Strangers["words"]) => {
    const columns = new Map(x.columns);
    for (const [name, rows] of y.columns) count(columns, name, rows);
    return { rows: x.rows + y.rows, columns };
  };
  return { words: sum(a.words, b.words), values: sum(a.values, b.values) };
}

function count(counts: Map<string, number>, name: string, rows: number): void {
  counts.set(name, (counts.get(name) ?? 0) + rows);
}

const sets = new WeakMap<Feature, ReadonlySet<string>>();

/** The words of a feature that knows its words; hashes know none, and take all. */
function knownWords(feature: Feature): ReadonlySet<string> | undefined {
  if (feature.kind !== "category" && feature.kind !== "target" && feature.kind !== "order") return undefined;
  let known = sets.get(feature);
  if (!known) {
    known = new Set(feature.kind === "category" ? feature.vocabulary : feature.words);
    sets.set(feature, known);
  }
  return known;
}
