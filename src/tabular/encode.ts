import type { Batch } from "../data/index.ts";
import { angleIn } from "./dates.ts";
import { even } from "./evening.ts";
import { filledBy } from "./fill-model.ts";
import { type DateFeature, knotsOf, type NumberFeature, type Recipe, type RecipeColumn, widthOf } from "./recipe.ts";
import { writeFigures, writeTarget } from "./target-encoding.ts";

/** A model's inputs by name: "numbers" [rows, width], and texts, or lists of words, for every column of these. */
export type Inputs = Record<string, { data: Float32Array; shape: [number, number] } | string[] | string[][]>;

/** Where the features of each column stand in the input "numbers": first what is cut into pieces, then all others, column by column. */
export function placesOf({ columns }: Recipe): number[][] {
  let [cut, at] = [0, columns.reduce((sum, { feature }) => sum + knotsOf(feature).length, 0)];
  return columns.map(({ feature }) => {
    const first = knotsOf(feature).map(() => cut++);
    const rest = Array.from({ length: widthOf(feature) - first.length }, () => at++);
    return [...first, ...rest];
  });
}

/** Width of the input "numbers"; 0 for a model without. */
export function numbersWidth({ columns }: Recipe): number {
  return columns.reduce((sum, { feature }) => sum + widthOf(feature), 0);
}

/** Rows of columns x0, x1, ... (in the recipe's order) as a model's inputs. */
export function encodeRows(recipe: Recipe, batch: Batch): Inputs {
  const width = numbersWidth(recipe);
  const places = placesOf(recipe);
  const rows = rowsOf(batch);
  const numbers = new Float32Array(rows * width);
  const inputs: Inputs = width > 0 ? { numbers: { data: numbers, shape: [rows, width] } } : {};
  recipe.columns.forEach((column, i) => {
    const values = batch[`x${i}`];
    const { feature } = column;
    const own = places[i] as number[];
    const [start = 0] = own;
    const each = (write: (row: number, at: number) => void) => {
      for (let row = 0; row < rows; row++) write(row, row * width + start);
    };
    if (feature.kind === "number") {
      const { data } = values as { data: ArrayLike<number> };
      const { model } = feature;
      const fillOf = model && ((row: number) => filledBy(model, valueIn(batch, row)));
      writeNumbers(feature, data, rows, fillOf, { numbers, places: own, width });
    } else if (feature.kind === "date") {
      writeDates(feature, (values as { data: ArrayLike<number> }).data, rows, { numbers, places: own, width });
    } else if (feature.kind === "target") {
      if (Array.isArray(values)) each((row, at) => writeTarget(feature, values[row] as string | null, numbers, at));
      else {
        const { data } = values as { data: ArrayLike<number> };
        each((row, at) => writeFigures(feature, data, row * widthOf(feature), numbers, at));
      }
    } else if (feature.kind === "order") {
      const order = new Map(feature.words.map((word, place) => [word, (place - feature.center) / feature.scale]));
      each((row, at) => {
        numbers[at] = order.get((values as readonly (string | null)[])[row] ?? "") ?? 0;
      });
    } else inputs[column.input] = textsOf(column, values as readonly (string | null)[]);
  });
  return inputs;
}

/** A number of a row by its column's place. */
function valueIn(batch: Batch, row: number): (place: number) => number {
  return (place) => (batch[`x${place}`] as { data: ArrayLike<number> }).data[row] as number;
}

function rowsOf(batch: Batch): number {
  const [first] = Object.values(batch);
  return Array.isArray(first) ? first.length : ((first as { shape?: readonly number[] } | undefined)?.shape?.[0] ?? 0);
}

/** Where a column's features are written. */
interface Room {
  readonly numbers: Float32Array;
  readonly places: readonly number[];
  /** Numbers of a row. */
  readonly width: number;
}

/** A column of numbers; `fillOf` tells what stands for a missing one where a model does. */
function writeNumbers(
  { evening, fill, low, high, center, scale, indicator, levels }: NumberFeature,
  data: ArrayLike<number>,
  rows: number,
  fillOf: ((row: number) => number) | undefined,
  { numbers: out, places, width }: Room,
): void {
  const [start = 0, rest = 0] = places; // what follows the number lies side by side
  const isPlain = evening.by === "none";
  for (let row = 0; row < rows; row++) {
    const value = data[row] as number;
    const isMissing = Number.isNaN(value);
    const x = isMissing ? (fillOf ? fillOf(row) : fill) : value;
    const clipped = Math.min(Math.max(isPlain ? x : even(evening, x), low), high);
    out[row * width + start] = (clipped - center) / scale;
    let at = row * width + rest;
    if (indicator) out[at++] = isMissing ? 1 : 0;
    for (let i = 0; i < levels.length; i++) out[at++] = value === levels[i] ? 1 : 0;
  }
}

/** A column of dates, in milliseconds. */
function writeDates(
  { fill, center, scale, circles, indicator, clock }: DateFeature,
  data: ArrayLike<number>,
  rows: number,
  { numbers: out, places, width }: Room,
): void {
  for (let row = 0, first = 0; row < rows; row++, first += width) {
    const value = data[row] as number;
    const isMissing = Number.isNaN(value);
    const days = (isMissing ? fill * 86_400_000 : value) / 86_400_000;
    let place = 0;
    const write = (feature: number) => {
      out[first + (places[place++] as number)] = feature;
    };
    const whole = clock ? Math.floor(days) : days;
    write((whole - center) / scale);
    if (clock) write(2 * (days - whole) - 1);
    for (const circle of circles) {
      const angle = angleIn(circle, days);
      write(isMissing ? 0 : Math.sin(angle));
      write(isMissing ? 0 : Math.cos(angle));
    }
    if (indicator) write(isMissing ? 1 : 0);
  }
}

function textsOf({ feature }: RecipeColumn, values: readonly (string | null)[]): string[] | string[][] {
  if (feature.kind !== "words") return values.map((value) => value ?? "");
  return values.map((value) => wordsOf(value ?? "", feature.length));
}

/** The first words of a text in lower case, "" where there are fewer. */
export function wordsOf(text: string, length: number): string[] {
  const words = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .slice(0, length);
  while (words.length < length) words.push("");
  return words;
}

/** Batches of inputs, one after the other, as one. */
export function joinInputs(parts: readonly Inputs[]): Inputs {
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? {};
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const all = parts.map((part) => part[name]);
      if (Array.isArray(all[0])) return [name, (all as string[][]).flat()];
      const arrays = all as { data: Float32Array; shape: [number, number] }[];
      const rows = arrays.reduce((sum, { shape }) => sum + shape[0], 0);
      const width = arrays[0]?.shape[1] ?? 0;
      const data = new Float32Array(rows * width);
      let at = 0;
      for (const array of arrays) {
        data.set(array.data, at);
        at += array.data.length;
      }
      return [name, { data, shape: [rows, width] }];
    }),
  );
}
