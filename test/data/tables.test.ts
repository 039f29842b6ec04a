import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Batch, type Dataset, type DenseArray, fromTable, openTable } from "../../src/data/index.ts";
import { packageFolder } from "../../src/data/sources/packageFiles.ts";
import { columnOf } from "../../src/data/tables/columns.ts";
import { Database, type DatabaseSetup } from "../../src/data/tables/duckdb.ts";
import { messageOf } from "../../src/data/tables/message.ts";
import { type Output, Pieces } from "../../src/data/tables/pieces.ts";
import { ReadingThread } from "../../src/data/tables/thread.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-tables-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const vega = (file: string) => join(packageFolder("vega-datasets"), "data", file);

function write(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/** All rows of a dataset as one record of plain lists. */
async function everything(dataset: Dataset): Promise<Record<string, unknown[]>> {
  const out: Record<string, unknown[]> = {};
  for await (const batch of dataset) {
    for (const [name, column] of Object.entries(batch)) {
      out[name] ??= [];
      out[name].push(...("data" in column ? (column as DenseArray).data : column));
    }
  }
  return out;
}

describe("a table's columns", () => {
  test("are numbers, booleans, dates, texts, lists by their types; what is missing is NaN or null", async () => {
    const path = write(
      "kinds.csv",
      "n,whole,yes,day,word\n1.5,7,true,2020-01-01,a\n?,8,false,1969-12-31,\n2.5,NA,,,c\n",
    );
    const table = await openTable(path);
    expect(table.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["n", "number"],
      ["whole", "number"],
      ["yes", "boolean"],
      ["day", "date"],
      ["word", "text"],
    ]);
    expect(table.length).toBe(3);
    expect(await everything(table.dataset())).toEqual({
      n: [1.5, Number.NaN, 2.5],
      whole: [7, 8, Number.NaN],
      yes: [1, 0, Number.NaN],
      day: [Date.UTC(2020, 0, 1), -86_400_000, Number.NaN],
      word: ["a", null, "c"],
    });
    await table.close();
    await expect(everything(table.dataset())).rejects.toThrow(/after it was closed/);
  });

  test("of other types come as arrays, bytes or JSON", async () => {
    const sql =
      "SELECT [1.5, 2.5]::DOUBLE[2] AS pair, NULL::FLOAT[2] AS none, 'ab'::BLOB AS raw, [1, 2] AS list, {'a': 1} AS record, " +
      "9223372036854775808::HUGEINT AS huge, 1.25::DECIMAL(9, 3) AS exact, 'x'::ENUM('x', 'y') AS class FROM data LIMIT 1";
    const [batch] = await collect(await fromTable(write("one.csv", "a\n1\n"), { sql }));
    expect(batch).toEqual({
      pair: { data: Float64Array.of(1.5, 2.5), shape: [1, 2] },
      none: { data: Float64Array.of(Number.NaN, Number.NaN), shape: [1, 2] },
      raw: [Uint8Array.of(97, 98)],
      list: ["[1,2]"],
      record: ['{"a":1}'],
      huge: { data: Float64Array.of(2 ** 63), shape: [1] },
      exact: { data: Float64Array.of(1.25), shape: [1] },
      class: ["x"],
    });
  });

  test("may be called anything", async () => {
    const names = ['a "quoted" one', "it's", "__proto__", "ünïcode; DROP VIEW data", "constructor"];
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(",");
    const dataset = await fromTable(write("names.csv", `${header}\n1,2,3,4,5\n6,7,8,9,10\n`));
    const [batch] = await collect(dataset);
    expect(Object.keys(batch as Batch)).toEqual(names);
    const [arranged] = await collect(dataset.columns({ x: names }));
    expect(arranged?.["x"]).toEqual({ data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), shape: [2, 5] });
    expect(({} as { data?: unknown }).data).toBeUndefined();
  });

  test.each<[string, string, object, number]>([
    ["semicolons", "a;b\n1;x\n2;y\n", {}, 2],
    ["no header", "1,2\n3,4\n", { header: false, names: ["a", "b"] }, 2],
    ["all text", "a,b\n01,x\n02,y\n", { text: true }, 2],
    ["words for missing", "a\n1\n-\n3\n", { missing: ["-"] }, 3],
  ])("of CSV with %s", async (_, text, options, rows) => {
    const table = await openTable(write("some.csv", text), options);
    expect([table.length, table.columns[0]?.name]).toEqual([rows, "a"]);
    const { a } = await everything(table.dataset());
    expect(a).toHaveLength(rows);
    if ("text" in options) expect(a).toEqual(["01", "02"]);
    if ("missing" in options) expect(a).toEqual([1, Number.NaN, 3]);
  });

  test.each([
    ["penguins.json", 344],
    ["unemployment.tsv", 3218],
    ["flights-3m.parquet", 3_000_000],
  ])("of %s", async (file, rows) => {
    const table = await openTable(vega(file));
    expect(await table.rows()).toBe(rows);
    const [batch] = await collect(table.dataset(), 1);
    expect(Object.keys(batch as Batch)).toEqual(table.columns.map(({ name }) => name));
  });

  test("of several files are one table's, of JSON lines and of names that look like patterns", async () => {
    const [one, two] = [write("[a]*?.jsonl", '{"v": 1}\n{"v": 2}\n'), write("it's.jsonl", '{"v": 3}\n')];
    expect(await everything(await fromTable([one, two]))).toEqual({ v: [1, 2, 3] });
  });
});

async function collect(dataset: Dataset, most = Number.POSITIVE_INFINITY): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of dataset) if (batches.push(batch) >= most) break;
  return batches;
}

describe("quotes of a CSV file", () => {
  const lines = Array.from({ length: 25_000 }, (_, i) => `${i},${i / 2},word${i % 5}`);
  const late = [...lines, '"3","4","x, y"', '5,6,"say ""hi"""', '7,8,5" pipe'];
  const wanted = [
    { a: "3", b: "4", c: "x, y" },
    { a: "5", b: "6", c: 'say "hi"' },
    { a: "7", b: "8", c: '5" pipe' },
  ];
  test.each([1, 2])("count where the first come far below what DuckDB looks at: %i files", async (files) => {
    const paths = Array.from({ length: files }, (_, i) => write(`late-${i}.csv`, `a,b,c\n${late.join("\n")}\n`));
    const table = await openTable(paths, { text: true });
    expect(await table.rows()).toBe(files * late.length);
    expect(await table.query("SELECT * FROM data OFFSET 25000 LIMIT 3")).toEqual(wanted);
    await table.close();
  });

  test("are none where the first values are no quoted ones, and others may be", async () => {
    const path = write("single.csv", `a,b\n${"'x, y',1\n".repeat(50)}"q,2\n`);
    const table = await openTable(path, { text: true });
    expect(await table.query("SELECT DISTINCT * FROM data ORDER BY b")).toEqual([
      { a: "x, y", b: "1" },
      { a: '"q', b: "2" },
    ]);
    await table.close();
    const inches = write("inches.csv", `size,price\n${'"5,1\n"6,2\n'.repeat(30)}`);
    const other = await openTable(inches, { text: true });
    expect(await other.query("SELECT DISTINCT * FROM data ORDER BY price")).toEqual([
      { size: '"5', price: "1" },
      { size: '"6', price: "2" },
    ]);
    await other.close();
  });
});

describe("a table is read", () => {
  const flights = vega("flights-3m.parquet");
  const sql = "SELECT delay, origin FROM data LIMIT 10000";

  test("in batches whose sizes and order never vary", async () => {
    const dataset = await fromTable(flights, { sql, threads: 2 });
    const [once, again] = [await collect(dataset), await collect(dataset)];
    expect(again).toEqual(once);
    expect(once.map((batch) => (batch["origin"] as string[]).length)).toEqual([2048, 2048, 2048, 2048, 1808]);
    expect(dataset.length).toBe(10_000);
  });

  test("on from any batch", async () => {
    const dataset = (await fromTable(flights, { sql })).shuffle({ seed: 3, buffer: 3000 }).batch(1111);
    const whole = await collect(dataset);
    const reading = dataset.read();
    for (let done = 0; done <= whole.length; done++) {
      const rest: Batch[] = [];
      for await (const batch of dataset.read({ state: JSON.parse(JSON.stringify(reading.state())) })) rest.push(batch);
      expect(rest).toEqual(whole.slice(done));
      const batch = await reading.next();
      if (!batch) continue;
      expect(batch).toEqual(whole[done]);
      reading.reuse(batch); // its memory holds a later one
    }
  });

  test("in an order of all rows that follows from a seed", async () => {
    const shuffled = async (seed: number) => {
      const sql = `SELECT * FROM (SELECT delay, distance FROM data LIMIT 20000) AS row ORDER BY hash(row, ${seed})`;
      const dataset = await fromTable(flights, { sql, memory: 64, threads: 1 });
      return (await everything(dataset))["delay"] as number[];
    };
    const [once, again, other] = [await shuffled(1), await shuffled(1), await shuffled(2)];
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
    expect([...other].sort((a, b) => a - b)).toEqual([...once].sort((a, b) => a - b));
    const start = once.slice(0, 1000).reduce((sum, delay) => sum + delay, 0) / 1000;
    const all = once.reduce((sum, delay) => sum + delay, 0) / once.length;
    expect(Math.abs(start - all)).toBeLessThan(6); // standard error about 1
  });

  test("and answers queries", async () => {
    const table = await openTable(flights);
    expect(await table.query("SELECT count(*) AS n, max(distance) AS far FROM data")).toEqual([
      { n: 3_000_000, far: 4962 },
    ]);
    await expect(table.query("SELECT dellay FROM data")).rejects.toThrow(/^[^\n]*"dellay" not found[^\n]*$/);
  });
});

test("a long table that was made by a statement is read where it lies", async () => {
  const table = await openTable("SELECT range::DOUBLE AS a FROM range(210000)");
  await table.query("CREATE TABLE made AS SELECT a + 1 AS b FROM data ORDER BY a");
  let [rows, sum] = [0, 0];
  for await (const batch of (await table.derive("FROM made")).dataset()) {
    const { data } = batch["b"] as DenseArray;
    rows += data.length;
    for (let i = 0; i < data.length; i++) sum += data[i] as number;
  }
  expect([rows, sum]).toEqual([210_000, (210_000 * 210_001) / 2]);
  await table.close();
});

describe("a table reads nothing else", () => {
  const secret = write("secret.csv", "a\nsecret\n");
  const path = write("own.csv", "a\n1\n");

  test.each([
    ["other files", `SELECT * FROM read_csv('${secret}')`],
    ["other files as text", `SELECT * FROM read_text('${secret}')`],
    ["folders", `SELECT * FROM glob('${scratch}/*')`],
    ["the network", "SELECT * FROM read_csv('https://example.org/a.csv')"],
    ["what it could write", `COPY (SELECT 1) TO '${scratch}/written.csv'`],
    ["databases", `ATTACH '${scratch}/other.db'`],
    ["extensions", "INSTALL httpfs"],
    ["loaded extensions", `LOAD '${scratch}/evil.duckdb_extension'`],
    ["its own settings", "SET enable_external_access = true"],
    ["the list of files", `SET allowed_paths = ['${secret}']`],
  ])("not %s", async (_, statement) => {
    const table = await openTable(path);
    const before = readdirSync(scratch);
    const answer = await table.query(statement).catch((error: Error) => error);
    expect((answer as Error).message).toMatch(/^[^\n]*own\.csv cannot be read: [^\n]+$/);
    expect(readdirSync(scratch)).toEqual(before);
    await table.close();
  });

  test("by a query of its options either", async () => {
    await expect(openTable(path, { sql: `SELECT * FROM read_csv('${secret}')` })).rejects.toThrow(/Permission Error/);
    await expect(openTable(path, { sql: "SELECT 1) AS x; DROP VIEW data; --" })).rejects.toThrow(/cannot be read/);
  });
});

describe("a query that names its files", () => {
  const [left, right] = [write("left.csv", "a,b\n1,2\n3,4\n"), write("right.csv", "a,c\n3,x\n1,y\n")];
  const other = write("elsewhere.csv", "a\n1\n");

  test.each<[string, unknown[]]>([
    [`SELECT a, b + 1 AS d FROM '${left}' WHERE a > 1;`, [{ a: 3, d: 5 }]],
    [`FROM '${left}' JOIN read_csv('${right}') USING (a) SELECT b, c ORDER BY c`, [{ b: 4, c: "x" }, { b: 2, c: "y" }]], // biome-ignore format: a line each
    [`WITH t AS (FROM '${join(scratch, "l?ft.csv")}') SELECT max(b) AS most FROM t`, [{ most: 4 }]],
    [`(SELECT a FROM '${left}') UNION ALL (SELECT a FROM '${right}') ORDER BY a LIMIT 2`, [{ a: 1 }, { a: 1 }]],
  ])("%s", async (query, rows) => {
    const table = await openTable(query);
    expect(await table.query("FROM data")).toEqual(rows);
    await table.close();
  });

  test("reads these and no others", async () => {
    const table = await openTable(`SELECT a FROM '${left}'`, { sql: "SELECT a * 2 AS twice FROM data" });
    expect(table.columns.map(({ name }) => name)).toEqual(["twice"]);
    await expect(table.query(`FROM '${other}'`)).rejects.toThrow(/Permission Error/);
    await table.close();
    await expect(openTable(left, { sql: `FROM '${other}'` })).rejects.toThrow(/Permission Error/);
  });

  test.each<[string, RegExp]>([
    [`SELECT * FORM '${left}'`, /^DuckDB cannot read the query: syntax error at or near/],
    [`SELECT nothing FROM '${left}'`, /^DuckDB refuses the query: Binder Error: .*"nothing"/],
    ["SELECT * FROM 'absent.csv'", /^there is no file absent.csv, which the query reads/],
    ["SELECT * FROM houses", /^DuckDB refuses the query: Catalog Error: .*houses/],
    ["SELECT * FROM 'https://a.org/b.csv'", /on this machine/],
    [`SELECT 1; COPY (SELECT 1) TO '${join(scratch, "out.csv")}'`, /something else than to select/],
    ["SELECT 1; SELECT 2", /there are 2 queries/],
  ])("%s is refused on one line", async (query, message) => {
    await expect(openTable(query)).rejects.toThrow(message);
    await expect(openTable(query)).rejects.not.toThrow("\n");
  });
});

test.each<[string, unknown, object, RegExp]>([
  ["no file", "missing.csv", {}, /there is no file missing\.csv/],
  ["a folder", scratch, {}, /is no file/],
  ["a URL", "https://example.org/a.csv", {}, /download it first/],
  ["an unknown ending", write("a.xyz", "1"), {}, /no ending.*csv/],
  ["two kinds", [vega("penguins.json"), vega("sp500.csv")], {}, /several kinds/],
  ["no list", [], {}, /openTable got \[\]/],
  ["a mistyped option", vega("sp500.csv"), { heder: true }, /did you mean "header"/],
  ["an impossible option", vega("sp500.csv"), { memory: 0 }, /memory is 0/],
  [
    "an unknown column",
    vega("sp500.csv"),
    { sql: "SELECT pric FROM data" },
    /sp500\.csv cannot be read: Binder Error.*Candidate bindings: "price"\. Expected/,
  ],
  [
    "an unknown function",
    vega("sp500.csv"),
    { sql: "SELECT avgg(price) FROM data" },
    /avgg does not exist! Did you mean "avg"\?/,
  ],
])("a table of %s is refused", async (_, source, options, message) => {
  await expect(openTable(source as string, options)).rejects.toThrow(message);
});

test("an error of DuckDB keeps the names that were meant, after an empty line and where it is cut short", () => {
  const errorOf = (column: string) =>
    messageOf(
      new Error(
        `Binder Error: Table "sales" does not have a column named "${column}"\n\nCandidate bindings: : "price"\n\nLINE 1: SELECT\n    ^`,
      ),
    );
  expect(errorOf("pric")).toBe(
    'Binder Error: Table "sales" does not have a column named "pric". Candidate bindings: "price"',
  );
  const short = errorOf("pric".repeat(100));
  expect(short).toHaveLength(300);
  expect(short).toMatch(/named "(pric)+.*\.\.\. Candidate bindings: "price"$/);
});

test("an error of DuckDB names the line and the column, but none of its settings", async () => {
  const table = await openTable(write("late.csv", `a\n${"1\n".repeat(30_000)}x\n`));
  await expect(table.query("SELECT sum(a) FROM data")).rejects.toThrow(
    /Line: 30002: Error when converting column "a"\. Could not convert string "x" to 'BIGINT'\. Expected/,
  );
  await table.close();
});

describe("a thread of its own", () => {
  const [a, b] = [columnOf("a", "DOUBLE"), columnOf("b", "DOUBLE")];
  const outputs: Output[] = [
    ["x", [a, b], true],
    ["y", [b], false],
  ];
  const answer = (rows: number) =>
    `SELECT range::FLOAT AS a, (2 * range)::FLOAT AS b, CASE WHEN range % 7 = 0 THEN 'nan'::DOUBLE ELSE sqrt(range) END AS y FROM range(${rows})`;
  const opened = () => Database.open({ files: [], memory: 100, threads: 1 });
  const setupOf = (database: Database) => database.setup() as DatabaseSetup;

  test.each([0, 1, 2048, 5000, 100_000])("reads the batches of the loop's own: %i rows", async (rows) => {
    const database = await opened();
    const [thread, stream] = [
      new ReadingThread(setupOf(database), answer(rows), outputs),
      database.stream(answer(rows)),
    ];
    const pieces = new Pieces(outputs);
    for (let at = 0; ; ) {
      const [batch, expected] = [await thread.next(), await pieces.next(stream)];
      expect(batch).toEqual(expected);
      if (!batch || !expected) break;
      at += (batch["y"] as DenseArray).data.length;
      if (at % 3 === 0) thread.reuse(batch); // whoever keeps one, keeps it whole
    }
    await Promise.all([thread.close(), stream.close()]);
    await database.close();
  });

  test("stops when nobody wants more, and while a query is at work", async () => {
    const database = await opened();
    const endless = "SELECT a.range::FLOAT AS a, 0::FLOAT AS b, 0::DOUBLE AS y FROM range(1000000000) a";
    const begun = new ReadingThread(setupOf(database), endless, outputs);
    expect(await begun.next()).toBeDefined();
    await begun.close();
    const sorting = new ReadingThread(setupOf(database), `${endless} ORDER BY hash(range)`, outputs);
    await sorting.close();
    await database.close();
  });

  test("sees the views of the other database, and is no way to read tables that only that one has", async () => {
    const database = await opened();
    await database.run("CREATE VIEW data AS SELECT 1::FLOAT AS a, 2::FLOAT AS b, 3::DOUBLE AS y");
    await database.lock();
    const thread = new ReadingThread(setupOf(database), "SELECT * FROM data", outputs);
    expect(await thread.next()).toMatchObject({ x: { data: Float32Array.of(1, 2) }, y: { data: Float64Array.of(3) } });
    await thread.close();
    await database.run("CREATE TABLE made AS SELECT 1");
    expect(database.setup()).toBeUndefined();
    await database.close();
  });

  test("tells what DuckDB refuses", async () => {
    const database = await opened();
    const failing = "SELECT error('no' || range)::FLOAT AS a, 0::FLOAT AS b, 0::DOUBLE AS y FROM range(9)";
    const thread = new ReadingThread(setupOf(database), failing, outputs);
    await expect(thread.next()).rejects.toThrow(/^Invalid Input Error: no0/);
    await thread.close();
    await database.close();
  });

  test("reads tables of many rows, from any place on", async () => {
    const rows = 205_000;
    const path = write("many.csv", `n\n${Array.from({ length: rows }, (_, i) => i).join("\n")}\n`);
    const table = await openTable(path);
    expect(table.length).toBe(rows);
    const dataset = table.dataset().columns({ x: ["n"] });
    const numbers = (batch: Batch | undefined) => Array.from((batch?.["x"] as DenseArray | undefined)?.data ?? []);
    const reading = dataset.read();
    await reading.next();
    const state = reading.state();
    const second = numbers(await reading.next());
    expect(second).toEqual(Array.from({ length: 2048 }, (_, i) => 2048 + i));
    await reading.close();
    const again = dataset.read({ state });
    expect(numbers(await again.next())).toEqual(second);
    await again.close();
    let [count, sum] = [0, 0];
    for await (const batch of dataset) for (const n of numbers(batch)) [count, sum] = [count + 1, sum + n];
    expect([count, sum]).toEqual([rows, (rows * (rows - 1)) / 2]);
    await table.close();
  });
});
