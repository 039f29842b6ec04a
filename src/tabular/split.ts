import { strataSql } from "./labels.ts";

/** How rows are held out. */
export interface SplitRule {
  readonly testSize: number;
  readonly validationSize: number;
  readonly seed: number;
  /** The column whose values are held out in the same proportion: the classes, or the strata of labels. */
  readonly stratify: "y" | "stratum" | undefined;
  /** The column of `typed` by which the last rows are held out; undefined: by chance. */
  readonly time: string | undefined;
}

/** Rows that a test, and a validation, need at most: more tells nothing. */
const MOST_TEST = 200_000;
const MOST_VALIDATION = 50_000;

/**
 * SQL that makes the table `rows` of `typed`: part 0 is the training part, 1 validation, 2 test. By chance: each class's rows in the order
 * of a hash of seed and row number, so the same file and seed give the same parts on every machine; by time: the last ones. The rows lie in
 * an order of chance: read from the beginning, any number of them is a sample.
 */
export function splitSql({ testSize, validationSize, seed, stratify, time }: SplitRule, total: number): string[] {
  const test = Math.min(testSize, MOST_TEST / Math.max(1, total));
  const validation = Math.min(validationSize, MOST_VALIDATION / Math.max(1, total));
  const within = stratify && time === undefined ? `PARTITION BY ${stratify}` : "";
  const strata = stratify === "stratum";
  const from = strata ? `typed LEFT JOIN (${strataSql()}) USING ("#")` : "typed";
  const order = time === undefined ? `md5(concat("#", ' ', ${Math.trunc(seed)}))` : `${time} DESC NULLS LAST, "#" DESC`;
  return [
    `CREATE TABLE held AS
    SELECT "#", CASE WHEN place <= round(size * ${test}) THEN 2 ELSE 1 END AS part
    FROM (SELECT "#", row_number() OVER (${within} ORDER BY ${order}) AS place, count(*) OVER (${within}) AS size FROM ${from})
    WHERE place <= round(size * ${test + validation})`,
    `CREATE TABLE rows AS SELECT typed.*, coalesce(part, 0) AS part FROM typed LEFT JOIN held USING ("#") ${byChance(seed)}`,
    "DROP TABLE held",
    "DROP TABLE typed",
  ];
}

/** The order of `rows`: that of a hash of seed and row number. */
export function byChance(seed: number): string {
  return `ORDER BY md5_number_lower(concat("#", ' order ', ${Math.trunc(seed)})), "#"`;
}
