import { describe, expect, test } from "vitest";
import { readCsv, writeCsv } from "../../src/cli/data/csv.ts";
import { readDense } from "../../src/cli/data/dense.ts";
import { locateJsonError } from "../../src/cli/data/locateJsonError.ts";
import { tensor } from "../../src/tensor/index.ts";
import fc from "../tools/properties.ts";

describe("locateJsonError", () => {
  test.each([
    ["", 1, 1, "the text ends where a value is expected"],
    ['{\n  "a": 1,\n}', 3, 1, "a comma before the closing bracket"],
    ['{"a": [1, 2}', 1, 12, '"}" where "," or "]" is expected'],
    ["{a: 1}", 1, 2, '"a" where a name in double quotes is expected'],
    ['{"a" 1}', 1, 6, '"1" where ":" is expected'],
    ["[NaN]", 1, 2, '"N" where a value is expected'],
    ['{"a": 1} x', 1, 10, '"x" after the end'],
    ['["a\nb"]', 1, 2, "a text that does not end, or holds a line break or a wrong escape"],
  ])("%j", (text, line, column, what) => {
    expect(locateJsonError(text)).toEqual({ line, column, what });
  });

  test("agrees with JSON.parse on which texts are JSON", () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "]", "}", '"', "\\", "0", "-", " ", "\n", "e", "tru"))
      .map(([text, at, insert]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + insert + text.slice(insert === "" ? place + 1 : place);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), broken), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(locateJsonError(text) === undefined).toBe(isJson);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("readCsv", () => {
  test("reads names, quotes, other separators, blank lines and Windows line ends", () => {
    const table = readCsv('\ufeff"a ""b""";c\r\n1;2.5e3\r\n\r\n"-3";0\r\n', "t.csv");
    expect(table.names).toEqual(['a "b"', "c"]);
    expect([...table.values]).toEqual([1, 2500, -3, 0]);
  });

  test("a first line of numbers is data", () => {
    expect(readCsv("1,2\n3,4", "t.csv").names).toEqual(["column1", "column2"]);
  });

  test.each([
    ["", "t.csv is empty. Expected a line of column names and lines of numbers."],
    ["a,b\n", "t.csv has column names but no rows. Expected at least one line of numbers."],
    ["a,b\n1,2\n3\n", "t.csv:3 has 1 values. Expected 2, one per column."],
    [
      "a,b\n1,cat\n",
      't.csv:2, column "b": "cat" is not a number. Expected numbers only. Fix: number the categories, such as 0, 1, 2.',
    ],
    [
      "a,b\n1,\n",
      't.csv:2, column "b": the value is missing. Expected a number. Fix: fill it in or leave the line out.',
    ],
    ["a,a\n1,2\n", 't.csv has two columns named "a". Expected a name of its own for each.'],
    ['a,b\n"1,2\n', 't.csv:2: a quoted value does not end. Expected a closing ".'],
    ['"a\nb",c\n1,x\n', 't.csv:3, column "c": "x" is not a number.'],
  ])("refuses %j", (text, message) => {
    expect(() => readCsv(text, "t.csv")).toThrow(message);
  });

  test("reads back what writeCsv wrote", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
    const tables = fc.integer({ min: 1, max: 5 }).chain((width) =>
      fc.tuple(
        fc.uniqueArray(
          fc
            .string({ minLength: 1 })
            .filter((name) => /[a-z]/i.test(name) && name.trim() === name && name !== "Infinity"),
          { minLength: width, maxLength: width },
        ),
        fc.array(fc.array(finite, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      ),
    );
    fc.assert(
      fc.property(tables, ([names, rows]) => {
        fc.pre(names.some((name) => !Number.isFinite(Number(name))));
        const table = readCsv(writeCsv(names, rows), "t.csv");
        expect(table.names).toEqual(names);
        expect([...table.values].map((x) => x + 0)).toEqual(rows.flat().map((x) => x + 0));
      }),
    );
  });
});

describe("readDense", () => {
  test("reads nested lists, typed arrays, { data, shape } and tensors", async () => {
    expect(
      (
        await readDense("x", [
          [1, 2],
          [true, 4],
        ])
      ).shape,
    ).toEqual([2, 2]);
    expect(await readDense("x", Float64Array.of(1, 2))).toEqual({ data: Float32Array.of(1, 2), shape: [2] });
    expect(await readDense("x", { data: [1, 2, 3, 4], shape: [2, 2] })).toMatchObject({ shape: [2, 2] });
    const fromTensor = await readDense("x", tensor([[1], [2]]));
    expect([...fromTensor.data, ...fromTensor.shape]).toEqual([1, 2, 2, 1]);
  });

  test.each([
    [undefined, "x is undefined. Expected nested lists of numbers, a typed array, or { data, shape }."],
    [5, "x is 5."],
    [[], "x is empty. Expected at least one sample."],
    [[[1, 2], [3]], "x[1] is a list of 1. Expected a list of 2 as in the first sample."],
    [[[1, 2], 3], "x[1] is 3."],
    [[[1], ["7"]], 'x[1][0] is the text "7". Expected a finite number.'],
    [[[1], [null]], "x[1][0] is null."],
    [[1, Number.NaN], "x[1] is NaN. Expected a finite number."],
    [{ data: [1, 2, 3, Number.POSITIVE_INFINITY], shape: [2, 2] }, "x[3] is Infinity."],
    [{ data: [1, 2, 3], shape: [2, 2] }, "x has 3 numbers for shape [2, 2]. Expected 4."],
    [Float32Array.of(1, Number.NaN), "x[1] is NaN."],
    [BigInt64Array.of(1n), "x is a BigInt64Array. Expected an array of numbers, such as a Float32Array."],
  ])("refuses %o", async (source, message) => {
    await expect(readDense("x", source)).rejects.toThrow(message);
  });
});
