import type { DataTable } from "../data/index.ts";
import { fail, show } from "../util/index.ts";
import { byChance } from "./split.ts";
import type { Finding } from "./types.ts";

/**
 * Gives the rows of the training part a number, copies: how often a row stands in it. Over: each as often as makes its class as large as the
 * largest, as evenly as that goes; under: once for as many as the smallest class has. Which rows have one more is told by a hash of the seed.
 */
export async function resample(table: DataTable, way: "over" | "under", seed: number): Promise<Finding[]> {
  if (way !== "over" && way !== "under") fail(`prepareTable: resample is ${show(way)}`, '"over" or "under"');
  const counts = await table.query(
    "SELECT y, count(*)::DOUBLE AS n FROM rows WHERE part = 0 GROUP BY y ORDER BY n DESC, y",
  );
  const sizes = counts.map(({ n }) => Number(n));
  const goal = way === "over" ? Math.max(...sizes) : Math.min(...sizes);
  const order = `md5(concat("#", ' again ', ${Math.trunc(seed)}))`;
  await table.query(`
    CREATE OR REPLACE TABLE rows AS
    SELECT * EXCLUDE (place, size), CASE WHEN part > 0 THEN 1 ELSE ${goal} // size + (place <= ${goal} % size)::BIGINT END AS copies
    FROM (SELECT *, row_number() OVER (PARTITION BY part, y ORDER BY ${order}) AS place, count(*) OVER (PARTITION BY part, y) AS size FROM rows)
    ${byChance(seed)}`);
  const text = counts
    .slice(0, 5)
    .map(({ y, n }) => `${y} ${n} to ${goal}`)
    .join(", ");
  const what = way === "over" ? "rarer classes are repeated in" : "some rows of larger classes are left out of";
  return [{ kind: "cleaned", text: `${what} the training part: ${text}${counts.length > 5 ? ", ..." : ""}` }];
}
