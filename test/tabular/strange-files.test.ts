import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { prepareTable, readTarget } from "../../src/tabular/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-strange-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
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
  ["book.xlsx", "PK", /book\.xlsx is a workbook.*save its sheet as CSV/],
  [
    "zip.csv",
    `PK\x03\x04${"\0".repeat(60)}`,
    /zip\.csv is a zip archive, or a workbook of Excel.*save its sheet as CSV/,
  ],
  ["zipped.csv", gzipSync(`a,y\n${lines((i) => `${i % 7},${i}`)}`), /zipped\.csv is compressed by gzip.*data\.csv\.gz/],
  ["columns.csv", `PAR1${"x".repeat(60)}`, /columns\.csv is a Parquet file.*\.parquet/],
  [
    "page.csv",
    "\n<!DOCTYPE html>\n<html><body>404</body></html>\n",
    /page\.csv is a page of HTML.*download the file itself/,
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

/** What a table is understood as. */
async function understood(name: string, content: string) {
  const prepared = await prepareTable(file(name, content), { target: "y" });
  const { profiles, findings, recipe } = prepared;
  await prepared.close();
  return { profiles, findings: findings.map(({ column, text }) => `${column}: ${text}`), task: recipe.target.task };
}

test("infinite numbers among others count as missing, and make no words of them", async () => {
  const content = `a,y\n${lines((i) => `${i % 5 ? i / 2 : ["inf", "-Infinity"][i % 2]},${i % 6 ? i + 0.5 : "inf"}`)}`;
  const { profiles, findings, task } = await understood("infinite.csv", content);
  expect(task).toBe("regression");
  expect(profiles.map(({ type, misfits }) => [type, misfits])).toEqual([
    ["numeric", 12],
    ["numeric", 10],
  ]);
  expect(findings).toContain('y: 10 values are no numbers and count as missing, such as "inf"');
});

test("lines that end in two ways are read all the same, line feeds within quotes as they are", async () => {
  const content = `a,t,y\r\n${lines((i) => `${i % 7},"p\nq${i % 3}",${i}.5${i % 2 ? "\r" : ""}`)}`;
  const { profiles } = await understood("ends.csv", content);
  expect(profiles.map(({ present }) => present)).toEqual([60, 60, 60]);
  expect(profiles[1]?.examples).toEqual(["p\nq0", "p\nq1", "p\nq2"]);
});

test("a target that counts the rows is not said to be left out", async () => {
  const { findings, task } = await understood("counted.csv", `a,y\n${lines((i) => `${i % 7},${i} %`)}`);
  expect(task).toBe("regression");
  expect(findings).toEqual(["y: signs of currency, percent and thousands are taken off the numbers"]);
});

test.each([
  [
    "open.csv",
    (i: number) => `0${1 + (i % 9)}/0${1 + ((i * 7) % 9)}/2023`,
    "written as %m/%d/%Y, or as %d/%m/%Y: no value tells which",
  ],
  ["told.csv", (i: number) => `${1 + (i % 28)}/0${1 + ((i * 7) % 9)}/2023`, "written as %d/%m/%Y"],
])("%s: dates whose days and months can't be told apart say so", async (name, date, reason) => {
  const { profiles } = await understood(name, `when,y\n${lines((i) => `${date(i)},${i}.5`)}`);
  expect(profiles[0]).toMatchObject({ type: "date", reason });
});

test("numbers so small that their skewness is none are taken as they are", async () => {
  const { findings } = await understood("small.csv", `a,y\n${lines((i) => `${i}e-310,${i % 7}.5`)}`);
  expect(findings).toEqual([]);
});
