import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { openTable } from "../../src/data/index.ts";
import { delimiterOf } from "../../src/data/tables/delimiter.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-charset-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

const rowsOf = async (path: string, options: object = {}) => {
  const table = await openTable(path, options);
  const rows = await table.query("SELECT * FROM data");
  const { charsets } = table;
  await table.close();
  return { rows, charsets };
};

const TEXT = "straße,größe\nKönigsweg,3\nRue de l’Été,4\n";
const WANTED = [
  { straße: "Königsweg", größe: 3 },
  { straße: "Rue de l’Été", größe: 4 },
];
/** In windows-1252, ’ is a byte that Latin-1 has no letter for. */
const windows = () => Buffer.from(TEXT.replace("’", "\u0092"), "latin1");
const utf16 = (mark: boolean) => Buffer.from(`${mark ? "\ufeff" : ""}${TEXT}`, "utf16le");

test.each([
  ["utf-8", Buffer.from(TEXT)],
  ["utf-8", Buffer.from(`\ufeff${TEXT}`)],
  ["utf-16le", utf16(true)],
  ["utf-16le", utf16(false)],
  ["utf-16be", utf16(true).swap16()],
  ["utf-16be", utf16(false).swap16()],
  ["windows-1252", windows()],
])("a table in %s is read by itself (%#)", async (charset, bytes) => {
  for (const path of [write("plain.csv", bytes), write("zipped.csv.gz", gzipSync(bytes))]) {
    expect(await rowsOf(path)).toEqual({ rows: WANTED, charsets: [charset] });
  }
});

test("letters that are cut off where the look at them ends are letters", async () => {
  for (const shift of [0, 1, 2, 3]) {
    const text = `a\n${"x".repeat(shift)}${`${"€".repeat(333)}\n`.repeat(2000)}`;
    const { rows, charsets } = await rowsOf(write("long.csv", Buffer.from(text)), { header: true });
    expect(charsets).toEqual(["utf-8"]);
    expect(rows.length).toBe(2000);
  }
});

test("any other way of writing is read as it is named", async () => {
  const path = write("sjis.csv", Buffer.from([0x96, 0xca, 0x90, 0xcf, 0x0a, 0x31, 0x0a, 0x32, 0x0a])); // 面積
  expect(await rowsOf(path, { charset: "Shift_JIS", header: true })).toEqual({
    rows: [{ 面積: 1 }, { 面積: 2 }],
    charsets: ["shift_jis"],
  });
  await expect(openTable(path, { charset: "shift-gis" })).rejects.toThrow(/charset is "shift-gis".*such as "utf-8"/);
  await expect(openTable(path, { charset: "utf-8" })).rejects.toThrow(/is not UTF-8.*charset/);
  await expect(openTable(write("odd.csv", Buffer.from("a\n1\n2")), { charset: "utf-16le" })).rejects.toThrow(
    /is not written in utf-16le/,
  );
});

test("what is not UTF-8 far inside is told, with a way out", async () => {
  const lines = (letter: string) => `${Array(400_000).fill("a,b").join("\n")}\n${letter},b\n`;
  const path = write("far.csv", Buffer.from(`${lines("a")}${lines("\xe4")}${lines("a")}`, "latin1"));
  const read = async (options: object) => (await rowsOf(path, { ...options, header: false, text: true })).rows.length;
  await expect(read({})).rejects.toThrow(/is not UTF-8 throughout.*windows-1252/);
  expect(await read({ charset: "windows-1252" })).toBe(1_200_003);
});

test("files of several charsets are one table's; nothing that was written again is left", async () => {
  const paths = [write("one.csv", Buffer.from(TEXT)), write("two.csv", windows())];
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("descent-duckdb-"));
  const table = await openTable(paths);
  expect(await table.query("SELECT * FROM data")).toEqual([...WANTED, ...WANTED]);
  expect(table.charsets).toEqual(["utf-8", "windows-1252"]);
  await table.close();
  const own = new RegExp(`-${process.pid}-`);
  const left = readdirSync(tmpdir()).filter((name) => name.startsWith("descent-duckdb-") && own.test(name));
  expect(left.filter((name) => !before.includes(name))).toEqual([]);
});

test.each([
  ["size;price\n1,5;2,5\n3,5;4\n", ";"],
  ["size;price\r\n1,5;2,5\r\n", ";"],
  ["a\tb\n1,5\t2,5\n", "\t"],
  ["a|b\n1|2\n", "|"],
  ['a,b\n"x;y",2\n"x\n;z",3\n', ","],
  ["a;b,c\n1;2,3\n", undefined], // both may
  ["a\n1\n", undefined],
  ["a,b\n", undefined],
  ["# a note\na,b\n1,2\n", undefined],
])("%j is separated by %j", (text, sign) => {
  expect(delimiterOf(text)).toBe(sign);
});

test("decimal commas are not taken for what separates values", async () => {
  const text = "size;price\n5.498,85;6.496,56\n3.861,74;1.585,21\n";
  const { rows } = await rowsOf(write("decimals.csv", Buffer.from(text)), { text: true });
  expect(rows[0]).toEqual({ size: "5.498,85", price: "6.496,56" });
});
