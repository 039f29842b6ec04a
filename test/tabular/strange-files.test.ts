import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { prepareTable, readTarget } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-strange-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lines = (row: (i: number) => string, n = 60) => Array.from({ length: n }, (_, i) => `${row(i)}\n`).join("");

test.each([
  ["empty.csv", "", /empty\.csv is empty/],
  ["header.csv", "a,b,y\n", /header\.csv has no rows/],
  ["late.csv", `a,y\n${lines((i) => (i === 50 ? "1,2,3" : `${i % 7},${i}`))}`, /line 52 has 3 values, and the first 2/],
  ["early.csv", `a,y\n${lines((i) => (i === 5 ? "1" : `${i % 7},${i}`))}`, /line 7 has 1 values, and the first 2/],
  [
    "numbers.csv",
    `row,flat,y\n${lines((i) => `${i},1,${i % 2}`)}`,
    /row is taken for an identifier \(numbers of rows\), flat is taken for a constant.*--type row=numeric/,
  ],
])("%s is refused with what is wrong", async (name, content, message) => {
  await expect(prepareTable(file(name, content), { target: "y" })).rejects.toThrow(message);
});

test("numbers that float32 does not hold count as missing", async () => {
  const large = file("large.csv", `size,y\n${lines((i) => `${i === 9 ? "1e300" : (i * 7) % 31},${i}`)}`);
  const prepared = await prepareTable(large, { target: "y", validationSize: 0.2, testSize: 0.2 });
  const [{ missing, misfits } = { missing: 0, misfits: 0 }] = prepared.profiles;
  expect([missing, misfits]).toEqual([0, 1]);
  await prepared.close();
  const { y } = await readTarget(large, { target: "size", task: "regression" });
  expect(y[9]).toBeNaN();
});
