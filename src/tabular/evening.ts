import type { DataTable } from "../data/index.ts";
import { someRows } from "./open.ts";
import { probit } from "./probit.ts";
import type { Evening } from "./recipe.ts";
import { literal } from "./sql.ts";

/** As many quantiles as scikit-learn's QuantileTransformer keeps. */
const QUANTILES = 1000;

/** scikit-learn's: shares nearer to 0 or 1 count as this far from it. */
const BOUND = 1e-7;

/** The normal number of such a share. */
const MOST = 5.199337582605575;

/** Evens a number out. */
export function even(evening: Evening, x: number): number {
  if (evening.by === "log") return Math.log1p(Math.max(0, x));
  if (evening.by === "asinh") return Math.asinh((x - evening.middle) / evening.spread);
  if (evening.by === "yeo-johnson") return yeoJohnson(evening.lambda, x);
  return evening.by === "quantiles" ? normalOf(evening.values, x) : x;
}

/** The same in SQL; quantiles have none, as nothing has to be counted of what they give. */
export function evenSql(evening: Evening, id: string, write = literal): string {
  // greatest and least pass over NULL, which must stay what it is: a missing number.
  if (evening.by === "log") return `ln(1 + CASE WHEN ${id} < 0 THEN 0 ELSE ${id} END)`;
  if (evening.by === "asinh") return `asinh((${id} - ${write(evening.middle)}) / ${write(evening.spread)})`;
  return evening.by === "yeo-johnson" ? yeoJohnsonSql(evening.lambda, id) : id;
}

/** Yeo & Johnson (2000): ((1 + x)^l - 1) / l where x is not negative, -((1 - x)^(2 - l) - 1) / (2 - l) below. */
function yeoJohnson(lambda: number, x: number): number {
  if (x >= 0) return power(1 + x, lambda);
  return -power(1 - x, 2 - lambda);
}

function power(base: number, exponent: number): number {
  return Math.abs(exponent) < 1e-12 ? Math.log(base) : (base ** exponent - 1) / exponent;
}

function yeoJohnsonSql(lambda: number, id: string): string {
  const term = (base: string, exponent: number) =>
    Math.abs(exponent) < 1e-12 ? `ln(${base})` : `((${base}) ** ${literal(exponent)} - 1) / ${literal(exponent)}`;
  const [above, below] = [term(`1 + greatest(${id}, 0)`, lambda), term(`1 - least(${id}, 0)`, 2 - lambda)];
  return `CASE WHEN ${id} >= 0 THEN ${above} WHEN ${id} < 0 THEN -(${below}) END`;
}

/** The exponent that makes a column most like a normal distribution: the likeliest, to 5 digits, found on finer and finer grids of 21. */
export async function fitYeoJohnson(table: DataTable, id: string, low: number, high: number): Promise<Evening> {
  // Powers must not run over: at most 10^140, whose square a variance sums.
  const most = Math.min(6, 140 / Math.max(1, Math.log10(1 + Math.max(0, high))));
  const least = Math.max(-4, 2 - 140 / Math.max(1, Math.log10(1 - Math.min(0, low))));
  let [from, to, best] = [least, most, 1];
  for (let round = 0; round < 5; round++) {
    const step = (to - from) / 20;
    const grid = Array.from({ length: 21 }, (_, i) => from + i * step);
    const variances = grid.map((lambda, i) => `var_pop(${yeoJohnsonSql(lambda, id)}) AS v${i}`);
    const [row = {}] = await table.query(`
      SELECT count(${id})::DOUBLE AS n, sum(sign(${id}) * ln(1 + abs(${id}))) AS logs, ${variances.join(", ")} FROM ${someRows(id, 0)}`);
    const { n = 0, logs = 0 } = row as Record<string, number>;
    const likelihood = (i: number) =>
      (-n / 2) * Math.log(Math.max(Number.MIN_VALUE, Number(row[`v${i}`]))) + ((grid[i] as number) - 1) * logs;
    const found = grid.reduce((top, _, i) => (likelihood(i) > likelihood(top) ? i : top), 0);
    best = grid[found] as number;
    [from, to] = [Math.max(least, best - step), Math.min(most, best + step)];
  }
  return { by: "yeo-johnson", lambda: best };
}

/** Quantiles of a column at equal distances. */
export async function fitQuantiles(table: DataTable, id: string, present: number): Promise<Evening> {
  const count = Math.max(2, Math.min(QUANTILES, present));
  const shares = Array.from({ length: count }, (_, i) => (i / (count - 1)).toFixed(12));
  const [row] = await table.query(
    `SELECT to_json(quantile_cont(${id}, [${shares.join(", ")}]))::VARCHAR AS found FROM ${someRows(id, 0)} WHERE ${id} IS NOT NULL`,
  );
  return { by: "quantiles", values: JSON.parse(String(row?.["found"])) as number[] };
}

/** The number of a normal distribution that has as many below it as x has among the quantiles (scikit-learn's QuantileTransformer). */
function normalOf(values: readonly number[], x: number): number {
  const last = values.length - 1;
  if (x - BOUND < (values[0] as number)) return -MOST;
  if (x + BOUND > (values[last] as number)) return MOST;
  const first = firstNotBelow(values, x);
  if (values[first] !== x) {
    const [below, above] = [values[first - 1] as number, values[first] as number];
    return bounded((first - 1 + (x - below) / (above - below)) / last);
  }
  let end = first;
  while (values[end + 1] === x) end++;
  return bounded((first + end) / 2 / last);
}

function bounded(share: number): number {
  return Math.min(MOST, Math.max(-MOST, probit(share)));
}

function firstNotBelow(values: readonly number[], x: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
