import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  loadTableModel,
  meanOfNetworks,
  networksFor,
  type PreparedTable,
  type PrepareOptions,
  planTraining,
  prepareTable,
  TableModel,
  type TablePart,
  trainTable,
} from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-networks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 200 rows: a number, a word, a text, a day; numbers and three kinds that follow them. One kind is rare. */
const file = join(folder, "things.csv");
writeFileSync(
  file,
  `a,word,text,day,y,kind\n${Array.from({ length: 200 }, (_, i) => {
    const a = ((i * 37) % 101) / 10;
    const kind = i % 25 === 3 ? "rare" : a + (i % 2) > 5 ? "much" : "little";
    const day = new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
    return `${a},${["red", "blue"][i % 2]},thing ${["soft", "hard"][i % 2]} number ${i} of all,${day},${(2 * a + (i % 2)).toFixed(2)},${kind}`;
  }).join("\n")}\n`,
);

async function opened<Result>(
  options: PrepareOptions,
  use: (table: PreparedTable, train: TablePart, validation: TablePart) => Promise<Result>,
): Promise<Result> {
  const table = await prepareTable(file, options);
  try {
    return await use(table, await table.part("train"), await table.part("validation"));
  } finally {
    await table.close();
  }
}

test("every row of the training and validation parts watches one network, and each class is dealt evenly", async () => {
  await opened({ target: "kind", ignore: ["y"] }, async (table, train, validation) => {
    const all = [...train.rows, ...validation.rows].sort((a, b) => a - b);
    const kinds = new Map([...train.rows, ...validation.rows].map((row, i) => [row, [...train.y, ...validation.y][i]]));
    const watching: number[] = [];
    for (const { train: rest, validation: own } of table.folds(train, validation, 10)) {
      expect([...rest.rows, ...own.rows].sort((a, b) => a - b)).toEqual(all);
      expect([...own.rows].map((row) => kinds.get(row))).toEqual([...own.y]);
      expect(own.targets.shape).toEqual([own.rows.length]);
      expect([15, 16, 17]).toContain(own.rows.length);
      watching.push(...own.rows);
      // The inputs are those of the row: the text tells its number.
      const numbers = (rest.x["text"] as string[][]).map((words) => Number(words[3]) + 1);
      expect(numbers).toEqual([...rest.rows]);
      for (const kind of [0, 1, 2]) {
        const count = [...kinds.values()].filter((each) => each === kind).length;
        const held = [...own.y].filter((each) => each === kind).length;
        expect(Math.abs(held - count / 10)).toBeLessThan(1);
      }
    }
    expect(watching.sort((a, b) => a - b)).toEqual(all);
    expect([...table.folds(train, validation, 3)].map(({ validation }) => validation.rows.length)).toEqual(
      [...table.folds(train, validation, 10)].slice(0, 3).map(({ validation }) => validation.rows.length),
    );
    const [first] = table.folds(train, validation, 1);
    expect(first).toEqual({ train, validation });
  });
});

test("later rows teach no earlier ones, and copies of a row stand on one side only: there the parts stay", async () => {
  for (const options of [{ timeColumn: "day" }, { resample: "over" as const }]) {
    await opened({ target: "kind", ...options }, async (table, train, validation) => {
      expect([table.hasFolds, table.networks]).toEqual([false, 1]);
      const folds = [...table.folds(train, validation, 2)];
      expect(folds.map((fold) => [fold.train === train, fold.validation === validation])).toEqual([
        [true, true],
        [true, true],
      ]);
    });
  }
  await opened({ target: "kind" }, async (table) => expect([table.hasFolds, table.networks]).toEqual([true, 10]));
});

test("ten networks up to a million features in all rows, one from ten million on", () => {
  const rule = [100, 40_000, 100_000, 200_000, 400_000, 800_000, 1e9].map((rows) => networksFor(rows, 25));
  expect(rule).toEqual([10, 10, 4, 2, 1, 1, 1]);
  expect(planTraining("binary", 500, false, 10)).toMatchObject({ networks: 10, hidden: [32], patience: 20 });
  expect(planTraining("binary", 500).networks).toBe(1);
  expect([999, 1000, 20_000, 199_999, 200_000].map((rows) => planTraining("binary", rows).dropout)).toEqual([
    0.3, 0.1, 0.1, 0.1, 0,
  ]);
});

test.each([
  ["y", 1],
  ["kind", 3],
] as const)("the answer about %s is the mean of the networks', also when it was saved", async (target, width) => {
  await opened({ target, ignore: [target === "y" ? "kind" : "y"] }, async (table, train, validation) => {
    const rows = await table.part("test");
    const answers = async (model: { predict: TableModel["model"]["predict"] }) => (await model.predict(rows.x)).data();
    const trained = await trainTable(table, train, validation, { networks: 3, epochs: 12 });
    expect(trained.plan.networks).toBe(3);
    expect(trained.histories.map(({ epochs }) => epochs.length)).toEqual([12, 12, 12]);
    const members = await Promise.all([1, 2, 3].map((i) => answers(trained.model.getModel(`network_${i}`))));
    expect(members[0]).not.toEqual(members[1]);
    const output = await answers(trained.model);
    expect(output.length).toBe(rows.rows.length * width);
    output.forEach((value, i) => {
      const mean = members.reduce((sum, member) => sum + (member[i] as number), 0) / 3;
      expect(value).toBeCloseTo(mean, 4);
    });
    expect((await trained.model.evaluate(rows.x, rows.targets)).loss).toBeGreaterThan(0);

    await new TableModel(trained.model, table.recipe).save(join(folder, target));
    const loaded = await loadTableModel(join(folder, target));
    expect(await answers(loaded.model)).toEqual(output);
    // The same seed gives the same networks.
    const again = await trainTable(table, train, validation, { networks: 3, epochs: 12 });
    expect(await answers(again.model)).toEqual(output);
  });
});

test("networks that are no whole number from 1 to 100 are refused", async () => {
  await opened({ target: "y" }, async (table, train, validation) => {
    for (const networks of [0, 1.5, 101, Number.NaN])
      await expect(trainTable(table, train, validation, { networks })).rejects.toThrow(
        `trainTable: networks is ${networks}. Expected a whole number from 1 to 100`,
      );
  });
  expect(() => meanOfNetworks([])).toThrow("meanOfNetworks got an empty list");
});
