import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTable } from "../../src/data/index.ts";
import { type FigureSql, Figures } from "../../src/tabular/figures.ts";
import { prepareTable } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-figures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 60 rows of so many columns: numbers, some of them missing, texts and dates in turn. */
function wide(columns: number, more: readonly string[] = []): string {
  const names = [...Array.from({ length: columns }, (_, i) => `c${i}`), ...more];
  const cell = (i: number, row: number) => {
    if (i % 3 === 0) return row % (2 + (i % 7)) === 0 ? "" : String(((row * (i + 3)) % 41) / 8);
    return i % 3 === 1 ? `w${(row * i) % 5}` : `20${10 + (i % 10)}-01-${String(1 + (row % 28)).padStart(2, "0")}`;
  };
  const rows = Array.from({ length: 60 }, (_, row) => names.map((_, i) => cell(i, row)).join(","));
  const path = join(folder, `wide-${columns}.csv`);
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
  const table = await openTable(wide(24));
  await table.query("CREATE TABLE kept AS FROM data");
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
  for (const from of ["kept", "kept WHERE c4 = 'w1'", "kept WHERE false"]) {
    const [each, apart] = [await answers(long, from), await answers(plain, from)];
    expect(each.length).toBe(24);
    expect(each).toEqual(apart);
  }
  await table.close();
});

test("answers of several rows come to the column that asked, in their order; a refusal to all", async () => {
  const columns = 3 * 520; // more of a kind than one query is asked for
  const table = await openTable(wide(columns));
  await table.query("CREATE TABLE kept AS FROM data");
  const figures = new Figures(table, 60);
  const words = (long: string) => `SELECT k, v, count(*)::DOUBLE AS n FROM ${long} GROUP BY k, v ORDER BY k, v DESC`;
  const ids = table.columns.filter((_, i) => i % 3 === 1).map(({ name }) => name);
  const found = await Promise.all(ids.map((id) => figures.ask("kept", { id, holds: "text" }, words)));
  expect(found.length).toBe(520);
  for (const [i, rows] of found.entries()) {
    const counts = new Map<string, number>();
    for (let row = 0; row < 60; row++) {
      const word = `w${(row * (3 * i + 1)) % 5}`;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    expect(rows).toEqual([...counts].sort(([a], [b]) => (a < b ? 1 : -1)).map(([v, n]) => ({ v, n })));
  }
  const wrong = ["c1", "c4"].map((id) => figures.ask("kept", { id, holds: "text" }, () => "SELECT none"));
  for (const result of await Promise.allSettled(wrong)) expect(result.status).toBe("rejected");
  await table.close();
});

test("a table of hundreds of columns is prepared as each of its columns would be alone", async () => {
  const source = wide(300, ["texts", "Texts_", "x"]);
  const all = await prepareTable(source, { target: "c3", seed: 1 });
  for (const name of ["c0", "c298", "c299", "texts", "x"]) {
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
  expect(all.recipe.columns.length).toBeGreaterThan(250);
  await all.close();
});
