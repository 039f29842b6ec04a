import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Batch, Dataset, DenseArray } from "../../src/data/index.ts";
import { type PreparedTable, prepareTable, scoresOf, type TablePart, trainTable } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-stream-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers with gaps, words, dates, texts of several words, and a target that follows them. */
function table(rows: number): string {
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const lines = Array.from({ length: rows }, (_, i) => {
    const [x, skew, city] = [random() * 10, Math.exp(6 * random()), ["Rome", "Oslo", "Bern"][i % 3] as string];
    const day = new Date(Date.UTC(2024, 0, 1 + (i % 300))).toISOString().slice(0, 10);
    const words = `${["fast", "slow", "old"][i % 3]} ${["red", "blue"][i % 2]} car number ${i}`;
    const y = 3 * x + (city === "Rome" ? 20 : 0) + random();
    const kind = y > 22 ? "high" : y > 12 ? "middle" : "low";
    return [i % 17 === 0 ? "" : x.toFixed(3), skew.toFixed(3), city, day, words, y.toFixed(3), kind].join(",");
  });
  return `x,skew,city,day,words,y,kind\n${lines.join("\n")}\n`;
}

const file = join(folder, "cars.csv");
writeFileSync(file, table(2000));

/** Samples of a dataset as texts, in their order. */
async function samplesOf(dataset: Dataset, pass = 0): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of dataset.read({ pass })) all.push(...rowsOf(batch));
  return all;
}

function rowsOf(batch: Batch): string[] {
  const { data } = batch["output"] as DenseArray;
  return Array.from({ length: (batch["output"] as DenseArray).shape[0] as number }, (_, row) => {
    const own = Object.entries(batch).flatMap(([name, column]): [string, unknown][] => {
      if (name === "output") return [];
      if (Array.isArray(column)) return [[name, column[row]]];
      const { data: numbers, shape } = column as DenseArray;
      const width = shape[1] as number;
      return [[name, Array.from(numbers.subarray(row * width, (row + 1) * width))]];
    });
    const width = data.length / ((batch["output"] as DenseArray).shape[0] as number);
    return JSON.stringify([Object.fromEntries(own), Array.from(data.subarray(row * width, (row + 1) * width))]);
  });
}

const partRows = ({ x, targets }: TablePart) => rowsOf({ ...(x as Batch), output: targets });

test("a part as a stream holds the very numbers of the part in memory", async () => {
  const prepared = await prepareTable(file, { target: "y", ignore: ["kind"] });
  for (const name of ["train", "validation", "test"] as const) {
    const streamed = await samplesOf(await prepared.stream(name));
    const kept = partRows(await prepared.part(name));
    expect(streamed.length).toBe(kept.length);
    if (name === "train") {
      expect(streamed).not.toEqual(kept); // in an order of chance
      expect([...streamed].sort()).toEqual([...kept].sort());
    } else expect(streamed).toEqual(kept);
    const { y, rows } = await prepared.truth(name);
    const part = await prepared.part(name);
    expect(y).toEqual(part.y);
    expect(rows).toEqual(part.rows);
  }
  await prepared.close();
});

test("every pass has an order of its own, that of the seed, and goes on from any place", async () => {
  const prepared = await prepareTable(file, { target: "kind", ignore: ["y"], seed: 3 });
  const stream = await prepared.stream("train");
  const [first, second, again] = [await samplesOf(stream), await samplesOf(stream, 1), await samplesOf(stream)];
  expect(again).toEqual(first);
  expect(second).not.toEqual(first);
  expect([...second].sort()).toEqual([...first].sort());
  const batches = stream.batch(100);
  const reading = batches.read({ pass: 1 });
  for (let i = 0; i < 7; i++) await reading.next();
  const { state } = { state: JSON.parse(JSON.stringify(reading.state())) };
  await reading.close();
  const rest: string[] = [];
  for await (const batch of batches.read({ state })) rest.push(...rowsOf(batch));
  expect(rest).toEqual(second.slice(700));
  await prepared.close();

  // In another process nothing is kept yet.
  const other = await prepareTable(file, { target: "kind", ignore: ["y"], seed: 3 });
  const later: string[] = [];
  for await (const batch of (await other.stream("train")).batch(100).read({ state })) later.push(...rowsOf(batch));
  expect(later).toEqual(rest);
  expect(await samplesOf(await other.stream("train"))).toEqual(first);
  await other.close();
});

test("the first pass keeps the features in a file beside DuckDB's, for whoever reads the part, until the table is closed", async () => {
  const keptNow = () =>
    readdirSync(tmpdir()).flatMap((name) => {
      if (!new RegExp(`^descent-duckdb-.*-${process.pid}-`).test(name)) return [];
      return readdirSync(join(tmpdir(), name)).filter((inner) => inner.startsWith("kept-"));
    });
  const prepared = await prepareTable(file, { target: "y", ignore: ["kind"] });
  const before = keptNow().length;
  const stream = await prepared.stream("train");
  expect(await prepared.stream("train")).toBe(stream);
  const first = await samplesOf(stream);
  expect(keptNow().length).toBe(before + 1);
  expect((await samplesOf(stream, 1)).sort()).toEqual([...first].sort());
  expect(keptNow().length).toBe(before + 1);
  await prepared.close();
  expect(keptNow().length).toBe(before);
});

test("a resampled part and out-of-fold means come as a stream, too", async () => {
  const how = { target: "kind", ignore: ["y"], resample: "over", encoding: { city: "target" } } as const;
  const prepared = await prepareTable(file, how);
  const [streamed, kept] = [await samplesOf(await prepared.stream("train")), await prepared.part("train")];
  expect(prepared.trainRows).toBe(kept.rows.length);
  expect(streamed.sort()).toEqual(partRows(kept).sort());
  const means = await prepared.means("train");
  means.forEach((share) => expect(share).toBeCloseTo(1 / 3, 2));
  await prepared.close();
});

async function score(prepared: PreparedTable): Promise<{ r2: number; streamed: boolean }> {
  const [train, validation] = [await prepared.samples("train"), await prepared.samples("validation")];
  const { model, linear } = await trainTable(prepared, train, validation, { epochs: 25 });
  expect(linear).toBeDefined();
  const tested = await prepared.part("test");
  const output = Float32Array.from(await (await model.predict(tested.x)).data());
  return { r2: scoresOf("regression", tested.y, output)["r2"] as number, streamed: "flow" in train };
}

test("what does not fit into the memory is streamed, and the model is as good", async () => {
  const how = { target: "y", ignore: ["kind", "words"] };
  const [much, little] = [await prepareTable(file, how), await prepareTable(file, { ...how, memory: 512 })];
  expect([much.isStreamed, little.isStreamed]).toEqual([false, true]);
  const [kept, streamed] = [await score(much), await score(little)];
  expect([kept.streamed, streamed.streamed]).toEqual([false, true]);
  expect(kept.r2).toBeGreaterThan(0.95);
  expect(Math.abs(streamed.r2 - kept.r2)).toBeLessThan(0.02);
  await Promise.all([much.close(), little.close()]);
  await expect(prepareTable(file, { target: "y", memory: 50 })).rejects.toThrow(/memory is 50.*512 or more/);
});

test("windows hold 50,000 samples, or as many of long rows as 40 MB hold", async () => {
  const narrow = await prepareTable(file, { target: "y", ignore: ["kind", "words"] });
  expect(narrow.window).toBe(50_000);
  await narrow.close();
  const says = (row: number) => `${["a", "b", "c"][row % 3]} word of ${row} and ${row * row}`;
  const rows = Array.from({ length: 60 }, (_, row) => [row % 7, ...Array(4).fill(says(row))].join());
  const path = join(folder, "texts.csv");
  writeFileSync(path, `y,a,b,c,d\n${rows.join("\n")}\n`);
  const long = await prepareTable(path, { target: "y" });
  expect(long.recipe.columns.map(({ feature }) => feature.kind)).toEqual(Array(4).fill("words"));
  // Of each text 24 words as numbers of 16 bytes, and 56 of the text itself; the target; the row's own number.
  expect(long.window).toBe(Math.floor((40 * 2 ** 20) / (4 * (24 * 16 + 56) + 4 + 8)));
  await long.close();
});

test("hundreds of columns take little memory", async () => {
  const columns = Array.from({ length: 150 }, (_, i) => `c${i}`);
  const rows = Array.from({ length: 60 }, (_, row) => columns.map((_, i) => (row * 150 + i) % 89).join());
  const path = join(folder, "wide.csv");
  writeFileSync(path, `${columns.join()}\n${rows.join("\n")}\n`);
  const wide = await prepareTable(path, { target: "c0", memory: 512 });
  expect(wide.recipe.columns.length).toBe(149);
  expect((await wide.part("train")).rows.length).toBe(wide.sizes[0]);
  await wide.close();
});

test("a sample of a part is drawn by chance, and the same again", async () => {
  const prepared = await prepareTable(file, { target: "y", ignore: ["kind"] });
  const [some, again, all] = [
    await prepared.part("test", { rows: 50 }),
    await prepared.part("test", { rows: 50 }),
    await prepared.part("test"),
  ];
  expect(some.rows.length).toBe(50);
  expect(some.rows).toEqual(again.rows);
  expect(some.rows).not.toEqual(all.rows.slice(0, 50));
  const rows = new Set(partRows(all));
  for (const row of partRows(some)) expect(rows.has(row)).toBe(true);
  await prepared.close();
});
