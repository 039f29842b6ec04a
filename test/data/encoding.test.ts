import { describe, expect, test } from "vitest";
import {
  labelEncoder,
  labelEncoderFromJSON,
  oneHot,
  oneHotEncoder,
  oneHotEncoderFromJSON,
} from "../../src/data/index.ts";
import { tensor } from "../../src/tensor/index.ts";
import { golden } from "./golden.ts";

const { encoding } = golden;

describe("oneHot", () => {
  test("is a row with a single one per code", async () => {
    expect(await oneHot([0, 2, 1]).array()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ]);
    expect(await oneHot(Int32Array.of(1), { classes: 4 }).array()).toEqual([[0, 1, 0, 0]]);
    expect(await oneHot(tensor(Int32Array.of(1, 0)), { classes: 2 }).array()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      "a label out of range",
      () => oneHot([0, 3], { classes: 3 }),
      /position 1 holds 3. Expected whole numbers from 0 to 2/,
    ],
    ["negative codes", () => oneHot([0, -1]), /position 1 holds -1/],
    ["fractions", () => oneHot([0.5]), /position 0 holds 0.5/],
    ["strings", () => oneHot(["a"] as never), /position 0 holds the string "a".*labelEncoder/],
    ["nothing", () => oneHot([]), /no codes/],
    ["no classes", () => oneHot([0], { classes: 0 }), /classes is 0/],
    ["a tensor without classes", () => oneHot(tensor([0, 1])), /without { classes }/],
  ])("refuses %s", (_, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});

describe("labelEncoder", () => {
  test("agrees with scikit-learn", () => {
    const encoder = labelEncoder();
    expect([...encoder.fitTransform(encoding.words)]).toEqual(encoding.codes);
    expect(encoder.classes).toEqual(encoding.classes);
    expect(encoder.inverseTransform(encoding.codes)).toEqual(encoding.words);
  });

  test("sorts numbers by size", () => {
    expect(labelEncoder().fit([10, 9, 100, 9]).classes).toEqual([9, 10, 100]);
  });

  test("comes back from JSON", () => {
    const encoder = labelEncoder().fit(encoding.words);
    expect(labelEncoderFromJSON(JSON.parse(JSON.stringify(encoder))).classes).toEqual(encoder.classes);
    expect(() => labelEncoderFromJSON({ kind: "labelEncoder", classes: ["b", "a"] })).toThrow(/unsorted/);
    expect(() => labelEncoderFromJSON({ kind: "labelEncoder", classes: [] })).toThrow(/no labels/);
    expect(() => labelEncoderFromJSON(7)).toThrow(/no label encoder but 7/);
  });

  test("refuses what it does not know", () => {
    const encoder = labelEncoder().fit(["a", "b"]);
    expect(() => encoder.transform(["a", "c"])).toThrow(/position 1 holds the string "c". Expected one of "a", "b"/);
    expect(() => encoder.inverseTransform([2])).toThrow(/position 0 holds code 2. Expected 0 to 1/);
    expect(() => labelEncoder().classes).toThrow(/not been fitted/);
    expect(() => labelEncoder().fit(["a", 1])).toThrow(/position 1 holds 1/);
    expect(() => labelEncoder().fit([1, Number.NaN])).toThrow(/position 1 holds NaN/);
  });
});

describe("oneHotEncoder", () => {
  test("agrees with scikit-learn", async () => {
    const encoder = oneHotEncoder();
    expect(await encoder.fitTransform(encoding.rows).array()).toEqual(encoding.encoded);
    expect(encoder.categories).toEqual(encoding.categories);
    const again = oneHotEncoderFromJSON(JSON.parse(JSON.stringify(encoder)));
    expect(await again.transform(encoding.rows).array()).toEqual(encoding.encoded);
  });

  test("refuses or ignores unknown categories", async () => {
    expect(() =>
      oneHotEncoder()
        .fit([["a"]])
        .transform([["a"], ["b"]]),
    ).toThrow(/row 1, column 0 holds the string "b"/);
    const lenient = oneHotEncoder({ handleUnknown: "ignore" }).fit([["a"], ["b"]]);
    expect(await lenient.transform([["c"], ["b"]]).array()).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  test("refuses ragged rows, bare values, empty tables and odd options", () => {
    expect(() => oneHotEncoder().fit([["a", "b"], ["a"]])).toThrow(/row 1 has 1 columns/);
    expect(() => oneHotEncoder().fit([["a"], "b" as never])).toThrow(/row 1 is the string "b".*write \[value\]/);
    expect(() => oneHotEncoder().fit([])).toThrow(/empty table/);
    expect(() => oneHotEncoder({ handleUnknown: "skip" as never })).toThrow(/handleUnknown is the string "skip"/);
    expect(() => oneHotEncoderFromJSON({ kind: "oneHotEncoder", categories: [[]] })).toThrow(/no labels/);
  });
});
