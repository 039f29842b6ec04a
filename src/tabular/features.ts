import type { DataTable } from "../data/index.ts";
import { fail } from "../util/index.ts";
import { even, evenSql, fitQuantiles, fitYeoJohnson } from "./evening.ts";
import type { Figures, SqlColumn } from "./figures.ts";
import { fitWords } from "./fit-words.ts";
import { someRows } from "./open.ts";
import type {
  CategoryFeature,
  DateFeature,
  Evening,
  Feature,
  HashFeature,
  NumberFeature,
  OrderFeature,
  Recipe,
} from "./recipe.ts";
import { fitTargetFeature } from "./target-encoding.ts";
import type { ColumnProfile, Finding } from "./types.ts";
import type { Ways } from "./ways.ts";
import { many } from "./words.ts";

/** Up to so many words: one number per word; beyond, vectors that are learned. */
const ONE_HOT = 24;

/** Beyond so many words, hashes instead of a vocabulary. */
const VOCABULARY = 2000;

const BINS = 2048;

/** Skewness from which a column's numbers are evened out: an exponential distribution has 2. */
const SKEWED = 2;

/** Tukey's fence for values that are far out, in distances between the quartiles. */
const FENCE = 3;

/** Deviations from the mean beyond which a z-score counts as far out. */
const DEVIATIONS = 3;

/** A column in the table `rows`. */
export interface FittedColumn {
  readonly profile: ColumnProfile;
  /** Its name in `rows`: "x0". */
  readonly id: string;
  readonly ways: Ways;
}

/** What features are fitted for. */
export interface FitContext {
  /** Of the training part. */
  readonly rows: number;
  readonly target: Pick<Recipe["target"], "task" | "classes">;
  readonly seed: number;
  readonly figures: Figures;
}

/** What the training part teaches about a column: its feature, and what a reader should know; no feature where nothing varies. */
export async function fitFeature(
  table: DataTable,
  column: FittedColumn,
  context: FitContext,
): Promise<{ feature: Feature | undefined; findings: Finding[] }> {
  const { type } = column.profile;
  if (type === "date") return fitDate(column, context.figures);
  if (type === "categorical") return fitCategory(table, column, context);
  if (type === "text") return fitWords(table, column.id, column.profile.name);
  return fitNumber(table, column, context.figures);
}

/** Part 0 is the training part. Quantiles and the most frequent value are those of {@link someRows}. */
const TRAINING = "rows WHERE part = 0";

async function fitNumber(table: DataTable, { profile, id, ways }: FittedColumn, figures: Figures) {
  const own: SqlColumn = { id, holds: "number" };
  const byMedian = ways.fill === "median" || (ways.fill !== "mode" && profile.type === "numeric");
  const [all, some] = await Promise.all([
    figures.each(TRAINING, own, (v) => ({
      n: "count(*)::DOUBLE",
      present: `count(${v})::DOUBLE`,
      low: `min(${v})`,
      high: `max(${v})`,
      skew: `skewness(${v})`,
    })),
    figures.each(someRows("*", 0), own, (v) => ({
      quartiles: `quantile_cont(${v}, [0.25, 0.5, 0.75])`,
      mode: byMedian ? "NULL" : `mode(${v})`,
    })),
  ]);
  const [q1 = null, middle = null, q3 = null] = (some["quartiles"] ?? []) as number[];
  const row = { ...all, ...some, q1, median: middle, q3 };
  const { n, present, low, high, skew, median, mode } = row as Record<string, number>;
  const findings: Finding[] = [];
  const { name, type } = profile;
  if (!present || low === high)
    return {
      feature: undefined,
      findings: [{ kind: "cleaned", column: name, text: "left out: one value in the training part" } as Finding],
    };
  const isNumeric = type === "numeric";
  const fill = (byMedian ? median : mode) as number;
  const lacks = (n as number) > present;
  const indicator = lacks && ways.indicators;
  if (lacks) {
    const by = `the ${byMedian ? "median" : "most frequent value"} ${figure(fill)}`;
    const told = ways.fill === "model" ? "what the other numbers of the row tell" : by;
    const missing = (n as number) - present;
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${many(missing, "missing value")} of the training part: ${told} instead${indicator ? ", and a feature that says where" : ""}`,
    });
  } else if (profile.missing + profile.misfits > 0) {
    const { missing } = await figures.each("rows", own, (v) => ({ missing: `count(*) FILTER (${v} IS NULL)::DOUBLE` }));
    const by = `the ${byMedian ? "median" : "most frequent value"} ${figure(fill)}`;
    const text = `${many(Number(missing), "missing value")}, none in the training part: ${by} instead`;
    if (Number(missing) > 0) findings.push({ kind: "cleaned", column: name, text });
  }
  const evening = await eveningOf(table, profile, id, ways.scaling, row as Record<string, number>);
  const how = {
    none: "",
    log: "log(1 + x)",
    asinh: "asinh of the distance from the median",
    "yeo-johnson": "",
    quantiles: "",
  };
  if (ways.scaling === undefined && evening.by !== "none") {
    findings.push({
      kind: "cleaned",
      column: name,
      text: `skewed (${(skew as number).toFixed(1)}): taken as ${how[evening.by]}`,
    });
  }
  if (evening.by === "quantiles") {
    const even = { evening, low: -Number.MAX_VALUE, high: Number.MAX_VALUE, center: 0, scale: 1 };
    return { feature: { kind: "number", fill, ...even, indicator, levels: [] } as NumberFeature, findings };
  }
  const bounds = await fences(
    figures,
    id,
    evening,
    row as Record<string, number>,
    isNumeric ? ways.outliers : undefined,
  );
  const moments = await figures.each(TRAINING, own, (v, write) => {
    const evened = evenSql(evening, v, write);
    const [most, least] = [write(bounds.high), write(bounds.low)];
    const value = `greatest(least(${evened}, ${most}), ${least})`;
    return {
      mean: `avg(${value}) FILTER (${v} IS NOT NULL)`,
      deviation: `stddev_pop(${value}) FILTER (${v} IS NOT NULL)`,
      outside: `count(*) FILTER (${evened} > ${most} OR ${evened} < ${least})::DOUBLE`,
    };
  });
  const { mean, deviation, outside } = moments as Record<string, number>;
  if (outside) {
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${many(outside, "outlier")} (beyond ${ways.outliers === "iqr" ? `${FENCE} times the distance of the quartiles` : `${DEVIATIONS} deviations`}), drawn to the fence`,
    });
  }
  const [least, most] = [low as number, high as number].map((x) =>
    Math.min(bounds.high, Math.max(bounds.low, even(evening, x))),
  ) as [number, number];
  const { scaling } = ways;
  const robust = (outside ?? 0) > 0.01 * present && bounds.spread > 0;
  const feature: NumberFeature = {
    kind: "number",
    fill,
    evening,
    low: bounds.low,
    high: bounds.high,
    ...(scaling === "min-max"
      ? { center: least, scale: most - least || 1 }
      : scaling === "robust"
        ? { center: bounds.middle, scale: bounds.spread || 1 }
        : robust && scaling === undefined
          ? { center: bounds.middle, scale: bounds.spread / 1.349 }
          : { center: mean as number, scale: (deviation as number) || 1 }),
    indicator,
    levels: type === "ordinal" ? await levelsOf(figures, own) : [],
  };
  return { feature, findings };
}

/** As asked; by the rules, skewed numbers by log(1 + x) where they are never negative, else by asinh, linear within the quartiles. */
async function eveningOf(
  table: DataTable,
  { name, type }: ColumnProfile,
  id: string,
  scaling: Ways["scaling"],
  { present, low, high, skew, q1, median, q3 }: Record<string, number>,
): Promise<Evening> {
  const [least, most] = [low as number, high as number];
  if (scaling === "yeo-johnson") return fitYeoJohnson(table, id, least, most);
  if (scaling === "quantile") return fitQuantiles(table, id, present as number);
  if (scaling === "log") {
    if (least < 0)
      fail(`prepareTable: scaling log of ${name}, which is down to ${figure(least)}`, "yeo-johnson or quantile");
    return { by: "log" };
  }
  if (scaling !== undefined || type !== "numeric" || !(Math.abs(skew ?? 0) > SKEWED)) return { by: "none" };
  if (least >= 0) return { by: "log" };
  const spread = (q3 as number) - (q1 as number);
  return { by: "asinh", middle: median as number, spread: spread > 0 ? spread : 1 };
}

/** Where values count as far out (quartiles survive any rising function), the middle and the distance of the quartiles. */
async function fences(
  figures: Figures,
  id: string,
  evening: Evening,
  { low, high, q1, median, q3 }: Record<string, number>,
  outliers: Ways["outliers"] | undefined,
) {
  const [least, first, middle, third, most] = [low, q1, median, q3, high].map((x) => even(evening, x as number)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const spread = third - first;
  if (outliers === "keep") return { low: -Number.MAX_VALUE, high: Number.MAX_VALUE, middle, spread };
  const within = (below: number, above: number) => ({
    low: Math.max(least, below),
    high: Math.min(most, above),
    middle,
    spread,
  });
  if (outliers === "z-score") {
    const row = await figures.each(TRAINING, { id, holds: "number" }, (v, write) => {
      const value = evenSql(evening, v, write);
      return { mean: `avg(${value})`, deviation: `stddev_pop(${value})` };
    });
    const [mean, reach] = [Number(row["mean"]), DEVIATIONS * Number(row["deviation"])];
    return within(mean - reach, mean + reach);
  }
  if (outliers === undefined || spread === 0) return { low: least, high: most, middle, spread };
  return within(first - FENCE * spread, third + FENCE * spread);
}

async function levelsOf(figures: Figures, column: SqlColumn): Promise<number[]> {
  const sql = (long: string) => `SELECT DISTINCT k, v AS level FROM ${long} WHERE v IS NOT NULL ORDER BY k, level`;
  const rows = await figures.ask(TRAINING, column, sql);
  return rows.map(({ level }) => Number(level));
}

async function fitDate({ profile: { name }, id }: FittedColumn, figures: Figures) {
  const own: SqlColumn = { id, holds: "date" };
  const daysOf = (v: string) => `epoch_ms(${v}) / 86400000.0`;
  const [all, some] = await Promise.all([
    figures.each(TRAINING, own, (v) => ({
      n: "count(*)::DOUBLE",
      present: `count(${v})::DOUBLE`,
      mean: `avg(${daysOf(v)})`,
      deviation: `stddev_pop(${daysOf(v)})`,
      span: `max(${daysOf(v)}) - min(${daysOf(v)})`,
      weekdays: `count(DISTINCT weekday(${v}))::DOUBLE`,
      hours: `count(DISTINCT hour(${v}))::DOUBLE`,
      months: `count(DISTINCT month(${v}))::DOUBLE`,
    })),
    figures.each(someRows("*", 0), own, (v) => ({ median: `quantile_cont(${daysOf(v)}, 0.5)` })),
  ]);
  const row = { ...all, ...some };
  const { n, present, median, mean, deviation, span, weekdays, hours, months } = row as Record<string, number>;
  if (!present || !deviation) return { feature: undefined, findings: [] };
  const feature: DateFeature = {
    kind: "date",
    fill: median as number,
    center: mean as number,
    scale: deviation,
    indicator: (n as number) > present,
    circles: [
      ...((months ?? 0) > 1 && (span ?? 0) > 60 ? ["year" as const] : []),
      ...((weekdays ?? 0) > 1 ? ["week" as const] : []),
      ...((hours ?? 0) > 1 ? ["day" as const] : []),
    ],
  };
  const findings: Finding[] = feature.indicator
    ? [
        {
          kind: "cleaned",
          column: name,
          text: `${many((n as number) - present, "missing date")} of the training part: the median instead, and a feature that says where`,
        },
      ]
    : [];
  return { feature, findings };
}

async function fitCategory(table: DataTable, { profile: { name }, id, ways }: FittedColumn, context: FitContext) {
  const { rows, figures } = context;
  const { encoding } = ways;
  const least = rows >= 1000 ? 5 : rows >= 100 ? 2 : 1;
  const wordsOf = (word: string) => `coalesce(${word}, '') AS word, count(*)::DOUBLE AS n`;
  const counted = await (figures.isLong
    ? figures.ask(
        TRAINING,
        { id, holds: "text" },
        (long) => `SELECT k, ${wordsOf("v")} FROM ${long} GROUP BY k, word ORDER BY k, n DESC, word`,
      )
    : table.query(`SELECT ${wordsOf(id)} FROM ${TRAINING} GROUP BY word ORDER BY n DESC, word LIMIT 100000`));
  const words = counted.filter(({ n }) => Number(n) >= least).map(({ word }) => String(word));
  const rare = counted.length - words.length;
  if (words.length === 0 || counted.length < 2) {
    return {
      feature: undefined,
      findings: [{ kind: "cleaned", column: name, text: "left out: no value occurs more than once" } as Finding],
    };
  }
  const findings: Finding[] = [];
  const missing = counted.find(({ word }) => word === "");
  if (missing)
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${many(Number(missing["n"]), "missing value")} of the training part: a category of their own`,
    });
  if (encoding === "target")
    return { feature: await fitTargetFeature(table, id, context.target, context.seed), findings };
  if (encoding === "ordinal" || typeof encoding === "object") {
    const order = encoding === "ordinal" ? words.filter((word) => word !== "").sort() : encoding;
    return { feature: orderOf(order, counted), findings };
  }
  if (encoding === "hashing") {
    const bins = Math.min(BINS, Math.max(16, 2 ** Math.ceil(Math.log2(2 * counted.length))));
    const feature: HashFeature = { kind: "hash", bins, dimension: bins <= 64 ? 0 : dimensionOf(bins) };
    return { feature, findings };
  }
  if (encoding === "one-hot" && words.length > VOCABULARY)
    fail(`prepareTable: encoding one-hot of ${name}, which has ${words.length} words`, "target, hashing or embedding");
  if (encoding === undefined && words.length > VOCABULARY) {
    const feature: HashFeature = { kind: "hash", bins: BINS, dimension: dimensionOf(BINS) };
    return {
      feature,
      findings: [
        ...findings,
        { kind: "cleaned", column: name, text: `${words.length} words: by their hash in ${BINS} bins` } as Finding,
      ],
    };
  }
  if (rare > 0) {
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${many(rare, "rare word")} (fewer than ${least} times): one place for them and for those that are new`,
    });
  }
  const feature: CategoryFeature = {
    kind: "category",
    vocabulary: words,
    dimension: (encoding ? encoding === "one-hot" : words.length <= ONE_HOT) ? 0 : dimensionOf(words.length),
  };
  return { feature, findings };
}

/** Places in an order, with the mean and the deviation that they have in the training part. */
function orderOf(words: readonly string[], counted: readonly Record<string, unknown>[]): OrderFeature {
  const counts = words.map((word) => Number(counted.find((row) => row["word"] === word)?.["n"] ?? 0));
  const total = counts.reduce((sum, n) => sum + n, 0) || 1;
  const center = counts.reduce((sum, n, place) => sum + n * place, 0) / total;
  const variance = counts.reduce((sum, n, place) => sum + n * (place - center) ** 2, 0) / total;
  return { kind: "order", words, center, scale: Math.sqrt(variance) || 1 };
}

/** fast.ai's rule for the length of an embedding's vectors, 32 at most. */
function dimensionOf(words: number): number {
  return Math.min(32, Math.round(1.6 * words ** 0.56));
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
