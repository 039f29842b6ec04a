import type { DataTable } from "../data/index.ts";
import type { FillModel } from "./recipe.ts";
import { literal } from "./sql.ts";

/** Columns that a missing number is told from at most. */
const MOST = 8;

/** Weight of the squares of the weights, the columns being standardized: scikit-learn's default for Ridge. */
const PENALTY = 1;

/** A column of numbers: its place among the recipe's columns, and its name in `rows`. */
export interface NumberColumn {
  readonly place: number;
  readonly id: string;
}

/**
 * A ridge regression of a column on those 8 of the others that follow it most closely (|r|), over the rows of the training part that have
 * it; missing values of the others count as their means. SQL gives means and covariances, nothing else comes into memory.
 */
export async function fitFill(
  table: DataTable,
  { id }: NumberColumn,
  others: readonly NumberColumn[],
): Promise<FillModel | undefined> {
  if (others.length === 0) return undefined;
  const known = `FROM rows WHERE part = 0 AND ${id} IS NOT NULL`;
  const [near = {}] = await table.query(
    `SELECT ${others.map((other, i) => `CASE WHEN stddev_pop(${other.id}) > 0 THEN abs(corr(${other.id}, ${id})) END AS r${i}`).join(", ")} ${known}`,
  );
  const used = others
    .map((other, i) => ({ ...other, r: Number(near[`r${i}`] ?? 0) || 0 }))
    .filter(({ r }) => r > 0)
    .sort((a, b) => b.r - a.r)
    .slice(0, MOST);
  if (used.length === 0) return undefined;
  const figures = used.flatMap((each, i) => [`avg(${each.id}) AS m${i}`, `stddev_pop(${each.id}) AS s${i}`]);
  const [spread = {}] = await table.query(`SELECT ${figures.join(", ")} FROM rows WHERE part = 0`);
  const means = used.map((_, i) => Number(spread[`m${i}`]));
  const scales = used.map((_, i) => Number(spread[`s${i}`]) || 1);
  const z = used.map(
    (each, i) =>
      `(coalesce(${each.id}, ${literal(means[i] as number)}) - ${literal(means[i] as number)}) / ${literal(scales[i] as number)}`,
  );
  const products = z.flatMap((a, i) => z.slice(0, i + 1).map((b, j) => `covar_pop(${a}, ${b}) AS c${i}_${j}`));
  const [sums = {}] = await table.query(`
    SELECT count(*)::DOUBLE AS n, avg(${id}) AS y, min(${id}) AS low, max(${id}) AS high,
      ${[...products, ...z.flatMap((a, i) => [`covar_pop(${a}, ${id}) AS y${i}`, `avg(${a}) AS z${i}`])].join(", ")} ${known}`);
  const n = Number(sums["n"]);
  const matrix = z.map((_, i) =>
    z.map((_, j) => n * Number(sums[`c${Math.max(i, j)}_${Math.min(i, j)}`]) + (i === j ? PENALTY : 0)),
  );
  const weights = solve(
    matrix,
    z.map((_, i) => n * Number(sums[`y${i}`])),
  );
  const bias = weights.reduce((sum, weight, i) => sum - weight * Number(sums[`z${i}`]), Number(sums["y"]));
  return {
    from: used.map(({ place }, i) => ({
      place,
      mean: means[i] as number,
      weight: (weights[i] as number) / (scales[i] as number),
    })),
    bias,
    low: Number(sums["low"]),
    high: Number(sums["high"]),
  };
}

/** What stands for a missing number of a row, whose values of the recipe's columns `at` gives. */
export function filledBy({ from, bias, low, high }: FillModel, at: (place: number) => number): number {
  let sum = bias;
  for (const { place, mean, weight } of from) {
    const x = at(place);
    if (!Number.isNaN(x)) sum += weight * (x - mean);
  }
  return Math.min(high, Math.max(low, sum));
}

/** x of A x = b for a positive definite A, by elimination. */
function solve(a: number[][], b: number[]): number[] {
  const [m, x] = [a.map((row) => [...row]), [...b]];
  for (let k = 0; k < x.length; k++) {
    for (let i = k + 1; i < x.length; i++) {
      const factor = (m[i]?.[k] as number) / (m[k]?.[k] as number);
      for (let j = k; j < x.length; j++) (m[i] as number[])[j] = (m[i]?.[j] as number) - factor * (m[k]?.[j] as number);
      x[i] = (x[i] as number) - factor * (x[k] as number);
    }
  }
  for (let k = x.length - 1; k >= 0; k--) {
    for (let j = k + 1; j < x.length; j++) x[k] = (x[k] as number) - (m[k]?.[j] as number) * (x[j] as number);
    x[k] = (x[k] as number) / (m[k]?.[k] as number);
  }
  return x;
}
