import { layers, type SymbolicTensor } from "../nn/index.ts";
import { numbersWidth } from "./encode.ts";
import { even } from "./evening.ts";
import type { Figures, SqlColumn } from "./figures.ts";
import { someRows } from "./open.ts";
import { type DateFeature, knotsOf, type NumberFeature, type Recipe, type RecipeColumn } from "./recipe.ts";

/**
 * Cuts columns of numbers and dates at quantiles of the training part, so that each piece holds about as many rows (Gorishniy et al., 2022:
 * piecewise linear encoding). Where values are frequent, quantiles fall together and there are fewer pieces; none where there would be one.
 *
 * @param fitted columns of the recipe, which get their knots.
 * @param ids their columns in the table `rows`.
 */
export async function fitPieces(
  fitted: RecipeColumn[],
  ids: ReadonlyMap<number, string>,
  pieces: number,
  figures: Figures,
): Promise<void> {
  const shares = Array.from({ length: pieces + 1 }, (_, i) => (i / pieces).toFixed(12)).join(", ");
  const quantilesOf = async (own: SqlColumn, sql: (value: string) => Readonly<Record<string, string>>) => {
    const found = await figures.each(someRows("*", 0), own, (v) => {
      const asked = Object.entries(sql(v)).map(([name, at]) => [name, `to_json(${at.replace("*", shares)})::VARCHAR`]);
      return Object.fromEntries(asked);
    });
    return (name: string) => JSON.parse(String(found[name])) as number[];
  };
  await Promise.all(
    [...ids].map(async ([place, id]) => {
      const column = fitted[place] as RecipeColumn;
      const { feature } = column;
      if (feature.kind === "number") {
        const quantiles = await quantilesOf({ id, holds: "number" }, (v) => ({ values: `quantile_cont(${v}, [*])` }));
        const knots = apart(quantiles("values").map((value) => scaled(feature, value)));
        if (knots.length > 2) fitted[place] = { ...column, feature: { ...feature, knots } };
      } else if (feature.kind === "date") {
        const daysOf = (v: string) => `epoch_ms(${v}) / 86400000.0`;
        const quantiles = await quantilesOf({ id, holds: "date" }, (v) => ({
          days: `quantile_disc(${daysOf(v)}, [*])`,
          whole: `quantile_disc(floor(${daysOf(v)}), [*])`,
          time: `quantile_cont(${daysOf(v)} - floor(${daysOf(v)}), [*])`,
        }));
        fitted[place] = { ...column, feature: { ...feature, ...dateKnots(feature, quantiles) } };
      }
    }),
  );
}

/** Knots of days and of the time of the day; where all dates are of few days, these are not whole and hold the time. */
function dateKnots(
  { center, scale }: DateFeature,
  quantiles: (name: string) => number[],
): Pick<DateFeature, "knots" | "clock"> {
  const daysOf = (name: string) => apart(quantiles(name).map((value) => (value - center) / scale));
  const [whole, clock] = [daysOf("whole"), apart(quantiles("time").map((time) => 2 * time - 1))];
  if (whole.length > 2 && clock.length > 2) return { knots: whole, clock };
  const knots = daysOf("days");
  return knots.length > 2 ? { knots } : {};
}

/** Knots nearer to each other are one. */
const LEAST = 1e-6;

/** Ascending numbers without those that are as good as the one before. */
function apart(ascending: readonly number[]): number[] {
  return ascending.filter((knot, i) => i === 0 || knot - (ascending[i - 1] as number) > LEAST);
}

/** A number as the feature has it. */
function scaled({ evening, low, high, center, scale }: NumberFeature, value: number): number {
  return (Math.min(Math.max(even(evening, value), low), high) - center) / scale;
}

/** Where a piece begins that a column does not have: no feature reaches it, so that it is always 0. */
const FAR = 1e6;

/**
 * Pieces of the numbers that have knots, from the input "numbers", where these come first: of the piece from a to b, min(max((x - a) / (b - a), 0), 1).
 * With z = 6 (x - (a + b) / 2) / (b - a), that is hardSigmoid(z) = min(max(z / 6 + 1/2, 0), 1).
 *
 * @returns [batch, pieces x columns]; undefined where no number is cut.
 */
export function pieceLayers(numbers: SymbolicTensor, recipe: Recipe): SymbolicTensor | undefined {
  const all = recipe.columns.flatMap(({ feature }) => knotsOf(feature));
  if (all.length === 0) return undefined;
  const width = numbersWidth(recipe);
  const column = layers.reshape([width, 1])(numbers);
  const cut = all.length < width ? layers.cropping1d([0, width - all.length])(column) : column;
  const values = layers.flatten()(cut);
  const count = Math.max(...all.map(({ length }) => length - 1));
  const pieces = Array.from({ length: count }, (_, piece) =>
    all.map((knots) => {
      const from = knots[piece] as number;
      const to = knots[piece + 1];
      return to === undefined ? { from: FAR, to: FAR + 1 } : { from, to };
    }),
  ).flat();
  const mean = pieces.map(({ from, to }) => (from + to) / 2);
  const variance = pieces.map(({ from, to }) => ((to - from) / 6) ** 2);
  const repeated = layers.flatten()(layers.repeatVector(count)(values));
  return layers.activation("hardSigmoid")(layers.normalization({ mean, variance })(repeated));
}
