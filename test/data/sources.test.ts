import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mnist, tableColumns, vegaTable } from "../../src/data/index.ts";
import { packageFolder } from "../../src/data/sources/packageFiles.ts";

describe("mnist", () => {
  let folder = "";
  const image = new Array<number>(784).fill(0).map((_, i) => (i % 4) / 4);
  const write = async (digit: number, text: string) => writeFile(join(folder, `src/digits/${digit}.json`), text);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "descent-mnist-"));
    await mkdir(join(folder, "src/digits"), { recursive: true });
    for (let digit = 0; digit < 10; digit++) await write(digit, JSON.stringify({ data: image }));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("reads the 10,000 images of the installed package", async () => {
    const { images, labels } = await mnist();
    expect(images.shape).toEqual([10000, 28, 28, 1]);
    expect(labels.length).toBe(10000);
    const counts = new Array<number>(10).fill(0);
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    expect(counts).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    const data = await images.data();
    const mean = [...data].reduce((sum, value) => sum + value, 0) / data.length;
    expect(mean).toBeCloseTo(0.131116, 5);
  });

  test("reads the numbers as JSON.parse does", async () => {
    const odd = image.map((_, i) => [0, 1, 0.5, 0.001, 0.123][i % 5]);
    await write(3, `{ "data": [${odd.join(", ")}]\n}`);
    const { images, labels } = await mnist({ folder });
    expect((await images.data()).slice(3 * 784, 4 * 784)).toEqual(Float32Array.from(odd as number[]));
    expect([...labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    ["a list broken off", '{"data":[0,0.5,', /damaged.*broken off/],
    ["no list", "{}", /damaged.*broken off/],
    ["an empty file", "", /damaged/],
    ["words", '{"data":[0,null]}', /damaged/],
    ["two points", '{"data":[0.5.5]}', /damaged/],
    ["half an image", `{"data":[${image.slice(0, 392)}]}`, /holds 392 numbers. Expected 784/],
    ["numbers above 1", `{"data":[${image.map(() => 255)}]}`, /number above 1/],
  ])("refuses %s", async (_, text, message) => {
    await write(7, text);
    await expect(mnist({ folder })).rejects.toThrow(message);
    await write(7, JSON.stringify({ data: image }));
  });

  test("names the file that is missing", async () => {
    await expect(mnist({ folder: join(folder, "src") })).rejects.toThrow(
      /0\.json can't be read.*Fix: install the package again/,
    );
  });
});

test("a package that is not there is named with the command that installs it", () => {
  expect(() => packageFolder("descent-no-such-package")).toThrow(
    /"descent-no-such-package" is not installed. Fix: npm install descent-no-such-package/,
  );
});

describe("vegaTable", () => {
  test("reads cars, in which 14 cars lack a number", async () => {
    const cars = await vegaTable("cars");
    expect(cars.length).toBe(406);
    const columns = tableColumns(cars, ["Horsepower", "Weight_in_lbs", "Miles_per_Gallon"]);
    expect(columns[0]).toEqual([130, 3504, 18]);
    expect(columns.filter((row) => row.some(Number.isNaN)).length).toBe(14);
  });

  test("names the nearest table and column", async () => {
    await expect(vegaTable("carz")).rejects.toThrow(/unknown vega table "carz".*did you mean "cars"/);
    await expect(vegaTable("../package")).rejects.toThrow(/unknown vega table/);
    const cars = await vegaTable("cars");
    expect(() => tableColumns(cars, ["HorsePower"])).toThrow(/did you mean "Horsepower"/);
    expect(() => tableColumns(cars, ["Origin"])).toThrow(/row 0, column "Origin" holds the string "USA"/);
  });
});
