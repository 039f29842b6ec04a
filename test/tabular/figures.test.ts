import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTable } from "../../src/data/index.ts";
import { type FigureSql, Figures } from "../../src/tabular/figures.ts";
import { prepareTable } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-figures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MANY = 700; // more than are laid one below the other at once

/** 60 rows of as many columns: numbers, some of them missing, texts and dates in turn. */
function wide(): string {
  const names = Array.from({ length: MANY }, (_, i) => `c${i}`);
  const cell = (i: number, row: number) => {
    if (i % 3 === 0) return row % (2 + (i % 7)) === 0 ? "" : String(((row * (i + 3)) % 41) / 8);
    return i % 3 === 1 ? `w${(row * i) % 5}` : `20${10 + (i % 10)}-01-${String(1 + (row % 28)).padStart(2, "0")}`;
  };
  const rows = Array.from({ length: 60 }, (_, row) => names.map((_, i) => cell(i, row)).join(","));
  const path = join(folder, "wide.csv");
  writeFileSync(path, `${names.join(",")}\n${rows.join("\n")}\n`);
  return path;
}

const QUESTIONS: Record<"number" | "text" | "date", FigureSql> = {
  number: (v, write) => ({
    mean: `avg(${v})`,
    deviation: `stddev_pop(least(${v}, ${write(3.25)}))`,
    skew: `skewness(${v})`,
    quartiles: `quantile_cont(${v}, [0.25, 0.5, 0.75])`,
    follows: `corr(${v}, c3)`,
    missing: `count(*) FILTER (${v} IS NULL)::DOUBLE`,
  }),
  text: (v) => ({ distinct: `count(DISTINCT ${v})::DOUBLE`, first: `min(${v})` }),
  date: (v) => ({ months: `count(DISTINCT month(${v}))::DOUBLE`, mean: `avg(epoch_ms(${v}))` }),
};

test("what is asked of columns one below the other is what each of them answers, to the last bit", async () => {
  const table = await openTable(wide());
  const [long, plain] = [new Figures(table, 60), new Figures(table, 1e9)];
  expect([long.isLong, plain.isLong]).toEqual([true, false]);
  const kinds = ["number", "text", "date"] as const;
  const answers = (figures: Figures, from: string) =>
    Promise.all(
      table.columns.map(({ name }, i) => {
        const holds = kinds[i % 3] as (typeof kinds)[number];
        return figures.each(from, { id: name, holds }, QUESTIONS[holds], holds === "number" ? ["c3"] : []);
      }),
    );
  for (const from of ["data", "data WHERE c4 = 'w1'", "data WHERE false"]) {
    const [each, apart] = [await answers(long, from), await answers(plain, from)];
    expect(each.length).toBe(MANY);
    expect(each).toEqual(apart);
  }
  await table.close();
});

test("answers of several rows come to the column that asked, in their order; a refusal to all", async () => {
  const table = await openTable(wide());
  const figures = new Figures(table, 60);
  const words = (long: string) => `SELECT k, v, count(*)::DOUBLE AS n FROM ${long} GROUP BY k, v ORDER BY k, v DESC`;
  const ids = table.columns.filter((_, i) => i % 3 === 1).map(({ name }) => name);
  const found = await Promise.all(ids.map((id) => figures.ask("data", { id, holds: "text" }, words)));
  for (const [i, id] of ids.entries()) {
    const own = await table.query(`SELECT ${id} AS v, count(*)::DOUBLE AS n FROM data GROUP BY v ORDER BY v DESC`);
    expect(found[i]?.map(({ v, n }) => ({ v, n }))).toEqual(own);
  }
  const wrong = ["c1", "c4"].map((id) => figures.ask("data", { id, holds: "text" }, () => "SELECT none"));
  for (const result of await Promise.allSettled(wrong)) expect(result.status).toBe("rejected");
  await table.close();
});

test("a table of hundreds of columns is prepared as each of its columns would be alone", async () => {
  const source = wide();
  const all = await prepareTable(source, { target: "c3", seed: 1 });
  for (const name of ["c0", "c1", "c2", "c699", "c698"]) {
    const alone = await prepareTable(source, {
      target: "c3",
      seed: 1,
      sql: `SELECT ${name}, c3 FROM data`,
      keepDuplicates: true,
    });
    const profile = all.profiles.find((each) => each.name === name);
    expect(alone.profiles[0]).toEqual(profile);
    await alone.close();
  }
  expect(all.recipe.columns.length).toBeGreaterThan(600);
  await all.close();
});
