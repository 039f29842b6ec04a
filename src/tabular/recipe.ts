import type { LabelSource, Reading, TableTask } from "./types.ts";

/**
 * What makes a column's numbers even: nothing, log(1 + x) for what is never negative, asinh((x - middle) / spread), the transformation of Yeo and
 * Johnson, or the number of a normal distribution that stands where x stands among the column's quantiles.
 */
export type Evening =
  | { readonly by: "none" }
  | { readonly by: "log" }
  | { readonly by: "asinh"; readonly middle: number; readonly spread: number }
  | { readonly by: "yeo-johnson"; readonly lambda: number }
  | { readonly by: "quantiles"; readonly values: readonly number[] };

/** What a missing number is told from: bias + sum of weight (x - mean) over other columns of the recipe, within what was seen. */
export interface FillModel {
  readonly from: readonly { readonly place: number; readonly mean: number; readonly weight: number }[];
  readonly bias: number;
  readonly low: number;
  readonly high: number;
}

/** How one number becomes features: clip(even(x or fill), low, high), less its center, by its scale; then 1 where x was missing. */
export interface NumberFeature {
  readonly kind: "number";
  readonly fill: number;
  /** Tells what stands for a missing number from the row's others, instead of `fill`. */
  readonly model?: FillModel;
  readonly evening: Evening;
  readonly low: number;
  readonly high: number;
  readonly center: number;
  readonly scale: number;
  /** Whether a feature says where the value was missing. */
  readonly indicator: boolean;
  /** Values that have a feature of their own besides. */
  readonly levels: readonly number[];
  /** Where pieces meet that the network gets besides, in the feature's own scale and ascending; none without. */
  readonly knots?: readonly number[];
}

/** A date as days, scaled, the time of the day where that is cut into pieces, and places in the year, the week and the day, where these differ. */
export interface DateFeature {
  readonly kind: "date";
  /** Days since 1970 of the median. */
  readonly fill: number;
  readonly center: number;
  readonly scale: number;
  readonly indicator: boolean;
  readonly circles: readonly ("year" | "week" | "day")[];
  /** Where pieces of the days meet that the network gets besides, in the feature's own scale and ascending; none without. */
  readonly knots?: readonly number[];
  /** The same of the time of the day, from -1 to 1, which is a feature then, while days are whole. */
  readonly clock?: readonly number[];
}

/** A word of a vocabulary; "" stands for a missing one. Dimension 0: one number per word, else a vector that is learned. */
export interface CategoryFeature {
  readonly kind: "category";
  readonly vocabulary: readonly string[];
  readonly dimension: number;
}

/** A word as the means of the target in its rows, each less its center, by its scale; those of all rows for a new word. */
export interface TargetFeature {
  readonly kind: "target";
  readonly words: readonly string[];
  readonly figures: readonly (readonly number[])[];
  readonly prior: readonly number[];
  readonly center: readonly number[];
  readonly scale: readonly number[];
}

/** A word as its place in an order, less the center, by the scale; 0 for a new or a missing one. */
export interface OrderFeature {
  readonly kind: "order";
  readonly words: readonly string[];
  readonly center: number;
  readonly scale: number;
}

/** A word of a vocabulary too large to keep: by its hash, in so many bins, each with a vector that is learned; dimension 0: one number per bin. */
export interface HashFeature {
  readonly kind: "hash";
  readonly bins: number;
  readonly dimension: number;
}

/** The first words of a text: which of a vocabulary occur, or of bins, where each word has one by its hash. */
export interface WordsFeature {
  readonly kind: "words";
  /** The words that are looked for; none: all of them, by their hash. */
  readonly vocabulary?: readonly string[];
  /** Features: words of the vocabulary, or bins. */
  readonly bins: number;
  readonly length: number;
}

export type Feature =
  | NumberFeature
  | DateFeature
  | CategoryFeature
  | TargetFeature
  | OrderFeature
  | HashFeature
  | WordsFeature;

/** A column that the model looks at. */
export interface RecipeColumn {
  readonly name: string;
  /** Its place in the file, counted from 0: for files without names. */
  readonly place: number;
  readonly reading: Reading;
  readonly feature: Feature;
  /** The model's input that it feeds: "numbers" for numbers, else one of its own. */
  readonly input: string;
}

/** All that turns rows of a file into a model's inputs, and its outputs into answers: JSON, saved in the model. */
export interface Recipe {
  readonly format: "descent-table";
  readonly version: 1;
  readonly header: boolean;
  readonly sql: string | null;
  /** How the letters of CSV files are written, where that was named. */
  readonly charset?: string;
  readonly columns: readonly RecipeColumn[];
  readonly target: {
    readonly name: string;
    readonly place: number;
    readonly reading: Reading;
    readonly task: TableTask;
    /** Of the classes, or labels, in order; none for a regression. */
    readonly classes: readonly string[];
    /** For multi-label only. */
    readonly labels?: LabelSource;
    /** Of a regression's target in the training part. */
    readonly mean: number;
    readonly deviation: number;
  };
}

/** True of what `Recipe` describes, as far as a loaded model can be trusted to hold one. */
export function isRecipe(value: unknown): value is Recipe {
  const { format, version, columns, target } = (value ?? {}) as Partial<Recipe>;
  return format === "descent-table" && version === 1 && Array.isArray(columns) && typeof target === "object";
}

/** Features of a column of numbers, in the input "numbers"; 0 for those that have an input of their own. */
export function widthOf(feature: Feature): number {
  if (feature.kind === "number") return 1 + (feature.indicator ? 1 : 0) + feature.levels.length;
  if (feature.kind === "date")
    return (feature.clock ? 2 : 1) + 2 * feature.circles.length + (feature.indicator ? 1 : 0);
  if (feature.kind === "target") return feature.prior.length;
  return feature.kind === "order" ? 1 : 0;
}

/** Where pieces meet of those of a column's numbers that are cut: of its first ones, in their order. */
export function knotsOf(feature: Feature): readonly (readonly number[])[] {
  if (feature.kind === "number") return feature.knots ? [feature.knots] : [];
  if (feature.kind !== "date" || !feature.knots) return [];
  return feature.clock ? [feature.knots, feature.clock] : [feature.knots];
}
