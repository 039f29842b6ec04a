import type { Model } from "../train/index.ts";
import { HostRandom } from "../util/index.ts";
import { type Inputs, numbersWidth, placesOf } from "./encode.ts";
import type { TablePart } from "./part.ts";
import type { Recipe } from "./recipe.ts";
import { MAIN, scoresOf } from "./scores.ts";
import { targetWidth } from "./target.ts";

/** What a column is worth to the model. */
export interface Importance {
  readonly column: string;
  /** By how much the loss (root mean squared error, or log loss) grows when the column's values are shuffled: mean and deviation of the repeats. */
  readonly mean: number;
  readonly deviation: number;
}

/** Rows that are looked at: at most, and at least where columns are so many that more would take too long. */
const MOST = 2000;
const LEAST = 200;

/** Features that all predictions together are given, from which on columns are shuffled once, and fewer rows looked at: about half a minute. */
const FEATURES = 1.5e9;

/** How many rows importance is measured on, and how often each column is shuffled: every shuffle is a prediction of all features of these rows. */
export interface ImportanceEffort {
  readonly rows: number;
  readonly repeats: number;
}

/** 2,000 rows and 3 shuffles, fewer where these would take long: see {@link ImportanceEffort}. */
export function importanceEffort(recipe: Recipe, rows: number): ImportanceEffort {
  const { length: columns } = recipe.columns;
  const inputs = recipe.columns.filter(({ input }) => input !== "numbers").length;
  const ofRow = columns * (numbersWidth(recipe) + inputs);
  const all = Math.min(MOST, rows);
  const repeats = 3 * all * ofRow <= FEATURES ? 3 : 1;
  return { rows: Math.min(all, Math.max(LEAST, Math.floor(FEATURES / (repeats * ofRow)))), repeats };
}

/**
 * Permutation importance (Breiman, 2001; Fisher et al., 2019): the loss with a column's values shuffled among the rows, less the loss as they are.
 *
 * @param options `repeats`: how often each column is shuffled; default as {@link importanceEffort} says, as for the rows.
 * @returns the most important column first.
 */
export async function permutationImportance(
  model: Model,
  recipe: Recipe,
  part: TablePart,
  options: { seed?: number; repeats?: number } = {},
): Promise<Importance[]> {
  const effort = importanceEffort(recipe, part.rows.length);
  const { seed = 0, repeats = effort.repeats } = options;
  const { rows } = effort;
  const width = targetWidth(recipe.target);
  const y = part.y.subarray(0, rows * width);
  const x = firstRows(part.x, rows);
  const copy = copyOf(x);
  const loss = async (inputs: Inputs) => {
    const output = await (await model.predict(inputs)).data();
    return scoresOf(recipe.target.task, y, Float32Array.from(output), width)[MAIN[recipe.target.task]] as number;
  };
  const before = await loss(x);
  const places = placesOf(recipe);
  const inOrder = Uint32Array.from({ length: rows }, (_, row) => row);
  const random = new HostRandom(seed, 7);
  const found: Importance[] = [];
  for (const [i, { name, input }] of recipe.columns.entries()) {
    const own = places[i] as number[];
    const rises: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const order = inOrder.slice();
      random.shuffle(order);
      reorder(x, copy, input, own, order);
      rises.push((await loss(copy)) - before);
    }
    reorder(x, copy, input, own, inOrder);
    const mean = rises.reduce((sum, rise) => sum + rise, 0) / repeats;
    const deviation = Math.sqrt(rises.reduce((sum, rise) => sum + (rise - mean) ** 2, 0) / repeats);
    found.push({ column: name, mean, deviation });
  }
  return found.sort((a, b) => b.mean - a.mean);
}

function firstRows(x: Inputs, rows: number): Inputs {
  return Object.fromEntries(
    Object.entries(x).map(([name, values]) => {
      if (Array.isArray(values)) return [name, values.slice(0, rows) as string[]];
      const width = values.shape[1];
      return [name, { data: values.data.subarray(0, rows * width), shape: [rows, width] }];
    }),
  );
}

/** The same inputs with numbers of their own. */
function copyOf(x: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(x).map(([name, values]) => [
      name,
      Array.isArray(values) ? values : { data: values.data.slice(), shape: values.shape },
    ]),
  );
}

/** Puts one column's values into a copy of the inputs, in an order of the rows. */
function reorder(x: Inputs, copy: Inputs, input: string, places: readonly number[], order: Uint32Array): void {
  const [from, to] = [x[input], copy[input]];
  if (Array.isArray(from)) copy[input] = Array.from(order, (row) => from[row]) as string[];
  if (from === undefined || to === undefined || Array.isArray(from) || Array.isArray(to)) return;
  const all = from.shape[1];
  order.forEach((row, i) => {
    for (const place of places) to.data[i * all + place] = from.data[row * all + place] as number;
  });
}
