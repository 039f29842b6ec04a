import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { columnsTable } from "../../src/cli/tabular/columns.ts";
import { prepareTable } from "../../src/tabular/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-columns-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** What is printed of a table whose columns are numbers and words in turns, and a target after them. */
async function printed(columns: number): Promise<string[]> {
  const file = join(scratch, `${columns}.csv`);
  const names = Array.from({ length: columns }, (_, i) => `c${i}`);
  const row = (r: number) => names.map((_, i) => (i % 2 ? ["red", "blue"][(r + i) % 2] : `${(r * (i + 3)) % 211}.5`));
  const lines = Array.from({ length: 60 }, (_, r) => [...row(r), `${r % 13}.25`].join(","));
  writeFileSync(file, [[...names, "price"].join(","), ...lines].join("\n"));
  const table = await prepareTable(file, { target: "price", keepDuplicates: true });
  try {
    return columnsTable(table).split("\n");
  } finally {
    await table.close();
  }
}

test("every column of a small table has its line", async () => {
  const lines = await printed(20);
  expect(lines.slice(2).map((line) => line.split(" ")[0])).toEqual([
    ...Array.from({ length: 20 }, (_, i) => `c${i}`),
    "price",
  ]);
});

test("of hundreds of columns, the first lines and the target are shown, and how many there are besides", async () => {
  const lines = await printed(200);
  const names = lines.slice(2, -1).map((line) => line.split(" ")[0]);
  expect(names).toEqual([...Array.from({ length: 40 }, (_, i) => `c${i}`), "price"]);
  expect(lines.at(-1)).toBe("and 160 other columns: 80 numeric, 80 categorical; all are in the report");
});
