import { fail, show, unknownName } from "../util/index.ts";
import { columnOf } from "./open.ts";
import type { ColumnProfile, KeptColumn } from "./types.ts";

export const SCALINGS = ["standard", "min-max", "robust", "quantile", "log", "yeo-johnson"] as const;
export const ENCODINGS = ["one-hot", "embedding", "hashing", "target", "ordinal"] as const;
export const FILLS = ["median", "mode", "model"] as const;
export const OUTLIERS = ["iqr", "z-score", "keep"] as const;

/** How a column's numbers are made even; all as scikit-learn's scalers of these names, quantiles to a normal distribution. */
export type Scaling = (typeof SCALINGS)[number];
/** How words become numbers. */
export type Encoding = (typeof ENCODINGS)[number];
/** What stands for missing numbers; "model": a ridge regression on the other numbers of the row. */
export type Fill = (typeof FILLS)[number];
/** What lies beyond the quartiles by 3 of their distances, or the mean by 3 deviations, is drawn to there. */
export type Outliers = (typeof OUTLIERS)[number];

/** How columns become features, where not by the rules: one way for all columns that it fits, or a way by a column's name. */
export interface WayOptions {
  readonly scaling?: Scaling | Readonly<Record<string, Scaling>> | undefined;
  /** A list of words stands for "ordinal" in this order; else they are in the order of letters. */
  readonly encoding?: Encoding | Readonly<Record<string, Encoding | readonly string[]>> | undefined;
  /** Default: the median; of booleans and ordinals the most frequent value. */
  readonly fill?: Fill | Readonly<Record<string, Fill>> | undefined;
  /** Default "iqr". */
  readonly outliers?: Outliers | undefined;
  /** Whether a feature says where a number was missing; default true. */
  readonly indicators?: boolean | undefined;
}

export const WAY_OPTIONS = ["scaling", "encoding", "fill", "outliers", "indicators"] as const;

/** What holds for one column. */
export interface Ways {
  readonly scaling?: Scaling | undefined;
  readonly encoding?: Encoding | readonly string[] | undefined;
  readonly fill?: Fill | undefined;
  readonly outliers: Outliers;
  readonly indicators: boolean;
}

const NUMBERS = ["numeric", "ordinal", "boolean"];
const FITTING = { scaling: ["numeric"], encoding: ["categorical"], fill: NUMBERS } as const;
const NAMES = { scaling: SCALINGS, encoding: ENCODINGS, fill: FILLS } as const;

/**
 * The ways of every column.
 *
 * @throws DescentError for unknown ways and columns, and for ways that do not fit a column's type.
 */
export function waysOf(
  options: WayOptions,
  columns: readonly KeptColumn[],
  profiles: readonly ColumnProfile[],
  file: string,
): Ways[] {
  const { outliers = "iqr", indicators = true } = options;
  if (!OUTLIERS.includes(outliers)) unknownName("way with outliers", String(outliers), OUTLIERS);
  if (typeof indicators !== "boolean") fail(`prepareTable: indicators is ${show(indicators)}`, "true or false");
  const ways = columns.map((): Record<string, unknown> => ({ outliers, indicators }));
  for (const option of ["scaling", "encoding", "fill"] as const) {
    const given = options[option];
    if (given === undefined) continue;
    const fits = ({ type }: ColumnProfile) => (FITTING[option] as readonly string[]).includes(type);
    const check = (way: unknown) => {
      const isOrder = option === "encoding" && Array.isArray(way) && way.every((word) => typeof word === "string");
      const known: readonly string[] = NAMES[option];
      if (!isOrder && !known.includes(String(way))) unknownName(option, String(way), known);
      return way;
    };
    if (typeof given === "string") {
      check(given);
      profiles.forEach((profile, i) => {
        if (fits(profile)) (ways[i] as Record<string, unknown>)[option] = given;
      });
      continue;
    }
    for (const [name, way] of Object.entries(given)) {
      const place = columns.indexOf(columnOf(columns, name, "column", file));
      const profile = profiles[place] as ColumnProfile;
      check(way);
      if (!fits(profile)) {
        fail(
          `prepareTable: ${option} of ${profile.name}, which is ${profile.type}`,
          `a column that is ${FITTING[option].join(" or ")}`,
          "types says what a column is",
        );
      }
      (ways[place] as Record<string, unknown>)[option] = way;
    }
  }
  return ways as unknown as Ways[];
}
