import type { DataTable } from "../data/index.ts";
import { even } from "./encode.ts";
import type { CategoryFeature, DateFeature, Evening, Feature, HashFeature, NumberFeature } from "./recipe.ts";
import type { ColumnProfile, Finding } from "./types.ts";

/** Up to so many words: one number per word; beyond, vectors that are learned. */
const ONE_HOT = 24;

/** Beyond so many words, hashes instead of a vocabulary. */
const VOCABULARY = 2000;

const BINS = 2048;

/** Skewness from which a column's numbers are evened out: an exponential distribution has 2. */
const SKEWED = 2;

/** Tukey's fence for values that are far out, in distances between the quartiles. */
const FENCE = 3;

/** A column in the table `rows`. */
export interface FittedColumn {
  readonly profile: ColumnProfile;
  /** Its name in `rows`: "x0". */
  readonly id: string;
}

/** What the training part teaches about a column: its feature, and what a reader should know; no feature where nothing varies. */
export async function fitFeature(
  table: DataTable,
  column: FittedColumn,
  rows: number,
): Promise<{ feature: Feature | undefined; findings: Finding[] }> {
  const { type } = column.profile;
  if (type === "date") return fitDate(table, column);
  if (type === "categorical") return fitCategory(table, column, rows);
  if (type === "text") return { feature: { kind: "words", bins: 256, length: 24 }, findings: [] };
  return fitNumber(table, column);
}

/** Part 0 is the training part. */
const TRAINING = "FROM rows WHERE part = 0";

async function fitNumber(table: DataTable, { profile, id }: FittedColumn) {
  const [row = {}] = await table.query(`
    SELECT count(*)::DOUBLE AS n, count(${id})::DOUBLE AS present, min(${id}) AS low, max(${id}) AS high, skewness(${id}) AS skew,
      quantile_cont(${id}, 0.25) AS q1, quantile_cont(${id}, 0.5) AS median, quantile_cont(${id}, 0.75) AS q3,
      mode(${id}) AS mode ${TRAINING}`);
  const { n, present, low, high, skew, q1, median, q3, mode } = row as Record<string, number>;
  const findings: Finding[] = [];
  const { name, type } = profile;
  if (!present || low === high)
    return {
      feature: undefined,
      findings: [{ kind: "cleaned", column: name, text: "left out: one value in the training part" } as Finding],
    };
  const isNumeric = type === "numeric";
  const fill = (isNumeric ? median : mode) as number;
  const indicator = (n as number) > present;
  if (indicator) {
    const by = isNumeric ? `the median ${figure(fill)}` : `the most frequent value ${figure(fill)}`;
    const missing = (n as number) - present;
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${many(missing, "missing value")} of the training part: ${by} instead, and a feature that says where`,
    });
  }
  const evening: Evening =
    !isNumeric || Math.abs(skew ?? 0) <= SKEWED
      ? { by: "none" }
      : eveningOf(low as number, q1 as number, median as number, q3 as number);
  if (evening.by !== "none") {
    const how = evening.by === "log" ? "log(1 + x)" : "asinh of the distance from the median";
    findings.push({ kind: "cleaned", column: name, text: `skewed (${(skew as number).toFixed(1)}): taken as ${how}` });
  }
  const bounds = fences(evening, row as Record<string, number>, isNumeric);
  const value = `greatest(least(${evenSql(evening, id)}, ${literal(bounds.high)}), ${literal(bounds.low)})`;
  const [moments = {}] = await table.query(`
    SELECT avg(${value}) AS mean, stddev_pop(${value}) AS deviation,
      count(*) FILTER (${evenSql(evening, id)} > ${literal(bounds.high)} OR ${evenSql(evening, id)} < ${literal(bounds.low)})::DOUBLE AS outside
    ${TRAINING} AND ${id} IS NOT NULL`);
  const { mean, deviation, outside } = moments as Record<string, number>;
  if (outside) {
    findings.push({
      kind: "cleaned",
      column: name,
      text: `${many(outside, "outlier")} (beyond ${FENCE} times the distance of the quartiles), drawn to the fence`,
    });
  }
  const robust = (outside ?? 0) > 0.01 * present && bounds.spread > 0;
  const feature: NumberFeature = {
    kind: "number",
    fill,
    evening,
    low: bounds.low,
    high: bounds.high,
    center: robust ? bounds.middle : (mean as number),
    scale: robust ? bounds.spread / 1.349 : (deviation as number) || 1,
    indicator,
    levels: type === "ordinal" ? await levelsOf(table, id) : [],
  };
  return { feature, findings };
}

/** log(1 + x) for what is never negative, else asinh around the median, linear within the quartiles. */
function eveningOf(low: number, q1: number, median: number, q3: number): Evening {
  if (low >= 0) return { by: "log" };
  return { by: "asinh", middle: median, spread: q3 > q1 ? q3 - q1 : 1 };
}

function evenSql(evening: Evening, id: string): string {
  if (evening.by === "log") return `ln(1 + greatest(${id}, 0))`;
  return evening.by === "asinh" ? `asinh((${id} - ${literal(evening.middle)}) / ${literal(evening.spread)})` : id;
}

/** Where values count as far out (quartiles survive any rising function), the middle and the distance of the quartiles. */
function fences(evening: Evening, { low, high, q1, median, q3 }: Record<string, number>, isNumeric: boolean) {
  const [least, first, middle, third, most] = [low, q1, median, q3, high].map((x) => even(evening, x as number)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const spread = third - first;
  if (!isNumeric || spread === 0) return { low: least, high: most, middle, spread };
  return { low: Math.max(least, first - FENCE * spread), high: Math.min(most, third + FENCE * spread), middle, spread };
}

async function levelsOf(table: DataTable, id: string): Promise<number[]> {
  const rows = await table.query(`SELECT DISTINCT ${id} AS level ${TRAINING} AND ${id} IS NOT NULL ORDER BY level`);
  return rows.map(({ level }) => Number(level));
}

async function fitDate(table: DataTable, { profile: { name }, id }: FittedColumn) {
  const days = `epoch_ms(${id}) / 86400000.0`;
  const [row = {}] = await table.query(`
    SELECT count(*)::DOUBLE AS n, count(${id})::DOUBLE AS present, quantile_cont(${days}, 0.5) AS median, avg(${days}) AS mean,
      stddev_pop(${days}) AS deviation, max(${days}) - min(${days}) AS span, count(DISTINCT weekday(${id}))::DOUBLE AS weekdays,
      count(DISTINCT hour(${id}))::DOUBLE AS hours, count(DISTINCT month(${id}))::DOUBLE AS months ${TRAINING}`);
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

async function fitCategory(table: DataTable, { profile: { name }, id }: FittedColumn, rows: number) {
  const least = rows >= 1000 ? 5 : rows >= 100 ? 2 : 1;
  const counted = await table.query(
    `SELECT coalesce(${id}, '') AS word, count(*)::DOUBLE AS n ${TRAINING} GROUP BY word ORDER BY n DESC, word LIMIT 100000`,
  );
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
  if (words.length > VOCABULARY) {
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
    dimension: words.length <= ONE_HOT ? 0 : dimensionOf(words.length),
  };
  return { feature, findings };
}

/** fast.ai's rule for the length of an embedding's vectors, 32 at most. */
function dimensionOf(words: number): number {
  return Math.min(32, Math.round(1.6 * words ** 0.56));
}

function literal(value: number): string {
  return Number.isFinite(value) ? `${value}::DOUBLE` : value > 0 ? "'inf'::DOUBLE" : "'-inf'::DOUBLE";
}

/** "1 row", "2 rows". */
function many(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
