import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { model } from "../../src/index.ts";
import {
  type DateFeature,
  encodeRows,
  type NumberFeature,
  type PreparedTable,
  permutationImportance,
  piecesFor,
  prepareTable,
  trainTable,
} from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-pieces-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 400 rows: few is 0, 1 or 2.5 (0 in half of the rows) and not always known, flag is yes or no, wide is even from 0 to 100. */
const file = join(folder, "waves.csv");
const ROWS = Array.from({ length: 400 }, (_, i) => {
  const wide = ((i * 37) % 401) / 4;
  const few = [0, 0, 1, 2.5][i % 4] as number;
  return { few: i % 11 === 0 ? Number.NaN : few, flag: i % 3 === 0 ? 1 : 0, wide, y: Math.sin(wide / 8) };
});
writeFileSync(
  file,
  `few,flag,wide,y\n${ROWS.map(({ few, flag, wide, y }) => `${Number.isNaN(few) ? "" : few},${flag ? "yes" : "no"},${wide},${y.toFixed(4)}`).join("\n")}\n`,
);
const HOW = { target: "y", types: { few: "numeric" as const }, keepDuplicates: true };

function featureOf(table: PreparedTable, name: string): NumberFeature {
  return table.recipe.columns.find((column) => column.name === name)?.feature as NumberFeature;
}

test("16 pieces, from 20,000 rows on 32, or rows / 60, or 2,048 / columns; none below 4", () => {
  const cases = [
    [239, 5],
    [240, 5],
    [499, 8],
    [960, 8],
    [19_999, 8],
    [19_999, 128],
    [19_999, 200],
    [19_999, 512],
    [19_999, 513],
    [20_000, 8],
    [3_000_000, 8],
    [20_000, 100],
  ] as const;
  expect(cases.map(([rows, columns]) => piecesFor(rows, columns))).toEqual([0, 4, 8, 16, 16, 16, 10, 4, 0, 32, 32, 20]);
});

test("numbers are cut at quantiles of the training part, and each piece is a feature from 0 to 1", async () => {
  const table = await prepareTable(file, { ...HOW, pieces: 5 });
  const train = await table.part("train");
  const { knots = [], center, scale, low, high } = featureOf(table, "wide");
  // Quantiles of the training part, in the feature's own scale.
  const seen = [...train.rows].map((row) => ROWS[row - 1]?.wide as number).sort((a, b) => a - b);
  const quantile = (share: number) => {
    const at = share * (seen.length - 1);
    const [below, above] = [seen[Math.floor(at)] as number, seen[Math.ceil(at)] as number];
    return below + (at - Math.floor(at)) * (above - below);
  };
  expect(knots.length).toBe(6);
  knots.forEach((knot, i) => expect(center + scale * knot).toBeCloseTo(quantile(i / 5), 5));
  // Half of the rows are 0: quantiles fall together. A boolean is not cut.
  const few = featureOf(table, "few");
  expect(few.knots?.map((knot) => few.center + few.scale * knot)).toEqual([0, 1, 2.5].map((x) => expect.closeTo(x, 5)));
  expect(featureOf(table, "flag").knots).toBeUndefined();

  const { inputs, features, linear } = table.features();
  expect([features.shape, linear.shape]).toEqual([[4 + 5 * 2], [4]]);
  const net = model({ inputs, outputs: features });
  const wanted = [-10, 0, 3, 50, 99.5, 100, 1000];
  const column = (data: number[]) => ({ data: Float64Array.from(data), shape: [data.length] });
  const names = table.recipe.columns.map(({ name }) => name);
  const given: Record<string, number[]> = {
    few: wanted.map((_, i) => (i % 2 ? Number.NaN : 1.75)),
    flag: wanted.map(() => 1),
    wide: wanted,
  };
  const batch = Object.fromEntries(names.map((name, i) => [`x${i}`, column(given[name] as number[])]));
  const encoded = encodeRows(table.recipe, batch);
  const output = (await (await net.predict(encoded)).array()) as number[][];
  output.forEach((row, i) => {
    // Numbers with pieces come first, in the order of the file: few, wide; then what else there is: missing, flag.
    const scaled = ((wanted[i] as number) - center) / scale;
    const clipped = Math.min(Math.max(wanted[i] as number, low), high);
    expect(row[1]).toBeCloseTo((clipped - center) / scale, 4);
    expect(row[2]).toBe(i % 2);
    for (let piece = 0; piece < 5; piece++) {
      const [from, to] = [knots[piece] as number, knots[piece + 1] as number];
      const part = Math.min(1, Math.max(0, (scaled - from) / (to - from)));
      expect(row[4 + 2 * piece + 1]).toBeCloseTo(part, 4);
      // Between 1 and 2.5 lies 1.75, half of its piece; pieces that the column does not have are 0.
      if (i % 2 === 0) expect(row[4 + 2 * piece]).toBeCloseTo([1, 0.5, 0, 0, 0][piece] as number, 4);
    }
  });
  await table.close();
});

test("a network with pieces follows a wave that one without does not, and importance sees the whole column", async () => {
  const fitted = async (pieces: number) => {
    const table = await prepareTable(file, { ...HOW, pieces });
    const [train, validation, tested] = [
      await table.part("train"),
      await table.part("validation"),
      await table.part("test"),
    ];
    const { model, linear } = await trainTable(table, train, validation, { networks: 1 });
    const [first, second] = await permutationImportance(model, table.recipe, tested);
    await table.close();
    expect(linear.inputs.length).toBe(1);
    const output = await (await model.predict(tested.x)).data();
    const error = [...tested.y].reduce((sum, y, i) => sum + (y - (output[i] as number)) ** 2, 0) / tested.y.length;
    return { error, first, second };
  };
  const [without, cut] = [await fitted(0), await fitted(16)];
  expect(cut.error).toBeLessThan(without.error / 2);
  expect(cut.first?.column).toBe("wide");
  expect(cut.first?.mean as number).toBeGreaterThan(10 * Math.abs(cut.second?.mean as number));
});

/** 300 times, over 60 days or within one, some missing. */
async function timesTable(name: string, days: number, text: (date: Date) => string): Promise<[PreparedTable, Date[]]> {
  const dates = Array.from({ length: 300 }, (_, i) => {
    const [day, minute] = [(i * 7) % days, (i * 611) % 1440];
    return new Date(Date.UTC(2024, 0, 1 + day, Math.floor(minute / 60), minute % 60));
  });
  const lines = dates.map((date, i) => `${i % 50 === 3 ? "" : text(date)},${i % 13}`);
  writeFileSync(join(folder, name), `when,y\n${lines.join("\n")}\n`);
  const types = { when: "date" as const };
  const table = await prepareTable(join(folder, name), {
    target: "y",
    task: "regression",
    types,
    keepDuplicates: true,
    pieces: 6,
  });
  return [table, dates];
}

/** What the network gets of dates: of each its numbers, then its pieces. */
async function rowsOfDates(table: PreparedTable, dates: readonly (Date | undefined)[]): Promise<number[][]> {
  const { inputs, features } = table.features();
  const data = Float64Array.from(dates, (date) => date?.getTime() ?? Number.NaN);
  const encoded = encodeRows(table.recipe, { x0: { data, shape: [data.length] } });
  return (await (await model({ inputs, outputs: features }).predict(encoded)).array()) as number[][];
}

const share = (x: number, from: number, to: number) => Math.min(1, Math.max(0, (x - from) / (to - from)));

test("dates are cut by whole days and by the time of the day", async () => {
  const [table, dates] = await timesTable("times.csv", 60, (date) => date.toISOString().slice(0, 16).replace("T", " "));
  const train = await table.part("train");
  const feature = table.recipe.columns[0]?.feature as DateFeature;
  const { knots = [], clock = [], center, scale, fill } = feature;
  const seen = [...train.rows]
    .filter((row) => (row - 1) % 50 !== 3)
    .map((row) => (dates[row - 1] as Date).getTime() / 86_400_000);
  const days = seen.map(Math.floor).sort((a, b) => a - b);
  const times = seen.map((day) => day - Math.floor(day)).sort((a, b) => a - b);
  expect([knots.length, clock.length]).toEqual([7, 7]);
  const found = knots.map((knot) => center + scale * knot);
  expect([found[0], found[6]]).toEqual([days[0], days.at(-1)].map((day) => expect.closeTo(day as number, 6)));
  for (const knot of found) expect(knot).toBeCloseTo(Math.round(knot), 6);
  expect([clock[0], clock[6]]).toEqual(
    [times[0], times.at(-1)].map((time) => expect.closeTo(2 * (time as number) - 1, 6)),
  );
  // As many days lie between two knots as between two others, and so do times.
  for (const [values, ends] of [
    [days, found],
    [times.map((time) => 2 * time - 1), clock],
  ] as const)
    for (let i = 1; i < 7; i++) {
      const between = values.filter(
        (value) => value >= (ends[i - 1] as number) - 1e-6 && value < (ends[i] as number) - 1e-6,
      );
      expect(Math.abs(between.length - values.length / 6)).toBeLessThan(values.length / 24);
    }

  const wanted = [new Date("2024-02-11T18:30:00Z"), new Date("2023-01-01T00:00:00Z"), undefined];
  const rows = await rowsOfDates(table, wanted);
  expect(feature.indicator).toBe(true);
  wanted.forEach((date, i) => {
    const day = date ? date.getTime() / 86_400_000 : fill;
    const row = rows[i] as number[];
    const [whole, time] = [(Math.floor(day) - center) / scale, 2 * (day - Math.floor(day)) - 1];
    // Days, time of the day, a place in the week and one in the day, whether missing; then pieces of days and times in turns.
    expect(row.length).toBe(2 + 4 + 1 + 2 * 6);
    expect(row[0]).toBeCloseTo(whole, 4);
    expect(row[1]).toBeCloseTo(time, 4);
    const angle = 2 * Math.PI * day;
    expect(row[4]).toBeCloseTo(date ? Math.sin(angle) : 0, 2);
    expect(row[5]).toBeCloseTo(date ? Math.cos(angle) : 0, 2);
    expect(row[6]).toBe(date ? 0 : 1);
    for (let piece = 0; piece < 6; piece++) {
      expect(row[7 + 2 * piece]).toBeCloseTo(share(whole, knots[piece] as number, knots[piece + 1] as number), 3);
      expect(row[8 + 2 * piece]).toBeCloseTo(share(time, clock[piece] as number, clock[piece + 1] as number), 3);
    }
  });
  await table.close();
});

test("dates without hours are cut by days, dates of one day by their time alone", async () => {
  const [plain] = await timesTable("days.csv", 60, (date) => date.toISOString().slice(0, 10));
  const feature = plain.recipe.columns[0]?.feature as DateFeature;
  expect([feature.knots?.length, feature.clock]).toEqual([7, undefined]);
  const [row] = (await rowsOfDates(plain, [new Date("2024-01-20T00:00:00Z")])) as [number[]];
  const day = (Date.UTC(2024, 0, 20) / 86_400_000 - feature.center) / feature.scale;
  expect(row.length).toBe(1 + 2 + 1 + 6); // days, a place in the week, whether missing, pieces
  feature.knots
    ?.slice(1)
    .forEach((to, i) => expect(row[4 + i]).toBeCloseTo(share(day, feature.knots?.[i] as number, to), 3));
  await plain.close();

  const [short] = await timesTable("hours.csv", 1, (date) => date.toISOString().slice(0, 16).replace("T", " "));
  const time = short.recipe.columns[0]?.feature as DateFeature;
  const { knots = [] } = time;
  expect([knots.length, time.clock]).toEqual([7, undefined]);
  expect(((knots[6] as number) - (knots[0] as number)) * time.scale).toBeGreaterThan(0.9); // of a day
  await short.close();

  // Dates to come lie beyond all pieces.
  const how = { target: "y", timeColumn: "when", keepDuplicates: true, pieces: 6 };
  const later = await prepareTable(join(folder, "times.csv"), how);
  expect(later.recipe.columns[0]?.feature).toMatchObject({ kind: "date" });
  expect(later.recipe.columns[0]?.feature).not.toHaveProperty("knots");
  expect(later.recipe.columns[0]?.feature).not.toHaveProperty("clock");
  await later.close();
});

test("pieces that are no whole number from 2 to 64, or 0, are refused", async () => {
  for (const pieces of [1, 65, 2.5, -1])
    await expect(prepareTable(file, { ...HOW, pieces })).rejects.toThrow(`prepareTable: pieces is ${pieces}. Expected`);
});
