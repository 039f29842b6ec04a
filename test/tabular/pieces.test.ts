import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { model } from "../../src/index.ts";
import {
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

test("16 pieces, or rows / 60, or 2,048 / columns; none below 4, and from 20,000 rows on", () => {
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
  ] as const;
  expect(cases.map(([rows, columns]) => piecesFor(rows, columns))).toEqual([0, 4, 8, 16, 16, 16, 10, 4, 0, 0]);
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

test("pieces that are no whole number from 2 to 64, or 0, are refused", async () => {
  for (const pieces of [1, 65, 2.5, -1])
    await expect(prepareTable(file, { ...HOW, pieces })).rejects.toThrow(`prepareTable: pieces is ${pieces}. Expected`);
});
