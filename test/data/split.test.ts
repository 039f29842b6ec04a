import { describe, expect, test } from "vitest";
import { kFold, selectRows, splitIndices, trainTestSplit } from "../../src/data/index.ts";
import { tensor } from "../../src/tensor/index.ts";
import fc from "../tools/properties.ts";
import { golden } from "./golden.ts";

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const ascending = (indices: Iterable<number>) => [...indices].sort((a, b) => a - b);
const countsOf = (labels: readonly number[], classes: number) =>
  numbersTo(classes).map((each) => labels.filter((label) => label === each).length);

describe("trainTestSplit", () => {
  test("splits arrays, typed arrays, shaped numbers and tensors in the same way", async () => {
    const labels = numbersTo(10);
    const shaped = { data: Float32Array.from(labels.flatMap((n) => [n, -n])), shape: [10, 2] };
    const [aTrain, aTest, bTrain, bTest] = trainTestSplit(labels, Int32Array.from(labels), { testSize: 0.3, seed: 5 });
    const [cTrain, cTest, dTrain, dTest] = trainTestSplit(shaped, tensor(labels), { testSize: 0.3, seed: 5 });
    expect([...aTrain, ...aTest].sort((x, y) => x - y)).toEqual(labels);
    expect(aTest.length).toBe(3);
    expect(bTrain).toBeInstanceOf(Int32Array);
    expect([...bTrain]).toEqual(aTrain);
    expect([...bTest]).toEqual(aTest);
    expect(cTrain.shape).toEqual([7, 2]);
    expect(cTest).toEqual({ data: Float32Array.from(aTest.flatMap((n) => [n, -n])), shape: [3, 2] });
    expect(await dTrain.array()).toEqual(aTrain);
    expect(await dTest.array()).toEqual(aTest);
  });

  test("takes one to three arrays, and options or none", () => {
    expect(trainTestSplit(numbersTo(8)).map((part) => part.length)).toEqual([6, 2]);
    expect(trainTestSplit(numbersTo(8), numbersTo(8)).length).toBe(4);
    expect(trainTestSplit(numbersTo(8), numbersTo(8), Float64Array.from(numbersTo(8)), { testSize: 3 }).length).toBe(6);
  });

  test("without shuffling takes the last samples for testing", () => {
    expect(trainTestSplit(["a", "b", "c", "d"], { testSize: 1, shuffle: false })).toEqual([["a", "b", "c"], ["d"]]);
  });

  test("gives a partition, the same for a seed and another for another", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        fc.nat(),
        (count, testSize, seed) => {
          const { train, test } = splitIndices(count, { testSize, seed });
          expect(ascending([...train, ...test])).toEqual(numbersTo(count));
          expect(Math.abs(test.length - count * testSize)).toBeLessThanOrEqual(1);
          expect(splitIndices(count, { testSize, seed })).toEqual({ train, test });
          // Among so many possible splits two seeds do not meet by chance.
          if (test.length > 10) expect(splitIndices(count, { testSize, seed: seed + 1 }).test).not.toEqual(test);
        },
      ),
    );
  });

  test("stratified, gives every class its share to one sample and is a partition", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 2, maxLength: 6 }),
        fc.double({ min: 0.1, max: 0.5, noNaN: true }),
        fc.nat(),
        (sizes, testSize, seed) => {
          const labels = sizes.flatMap((size, label) => new Array<number>(size).fill(label));
          const wanted = splitIndices(labels.length, { testSize }).test.length;
          fc.pre(wanted >= sizes.length && labels.length - wanted >= sizes.length);
          const { train, test } = splitIndices(labels.length, { testSize, seed, stratify: labels });
          expect(ascending([...train, ...test])).toEqual(numbersTo(labels.length));
          const counts = countsOf(selectRows(labels, test), sizes.length);
          sizes.forEach((size, label) => {
            expect(Math.abs((counts[label] ?? 0) - (size * test.length) / labels.length)).toBeLessThan(1);
          });
        },
      ),
    );
  });

  test.each(golden.splits.map((each) => [each.sizes, each.testSize, each] as const))(
    "stratified sizes agree with scikit-learn: classes of %j, testSize %d",
    (sizes, testSize, expected) => {
      const labels = sizes.flatMap((size, label) => new Array<number>(size).fill(label));
      const { train, test } = splitIndices(labels.length, { testSize, stratify: labels });
      expect([train.length, test.length]).toEqual([expected.trainCount, expected.testCount]);
      const counts = countsOf(selectRows(labels, test), sizes.length);
      // Equal remainders are drawn by lot, so that classes of one size may change places.
      const bySize = (values: readonly number[]) =>
        sizes.map((size, i) => size * 1e6 + (values[i] ?? 0)).sort((a, b) => a - b);
      expect(bySize(counts)).toEqual(bySize(expected.testCounts));
    },
  );

  test("stratifies by strings, booleans, and labels as fit takes them", () => {
    const words = ["a", "a", "b", "b"];
    expect(trainTestSplit(words, { testSize: 2, stratify: words })[1].sort()).toEqual(["a", "b"]);
    const columns = [[1], [1], [0], [0]];
    expect(trainTestSplit(columns, { testSize: 2, stratify: columns })[1].flat().sort()).toEqual([0, 1]);
    const oneHot = [
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    expect(
      trainTestSplit(oneHot, { testSize: 2, stratify: oneHot })[1]
        .map((row) => row[0])
        .sort(),
    ).toEqual([0, 1]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["lengths that differ", () => trainTestSplit([1, 2, 3], [1, 2]), /array 2 has 2 samples. Expected 3/],
    ["a part that would be empty", () => trainTestSplit([1, 2], { testSize: 2 }), /leaves none for training/],
    ["empty data", () => trainTestSplit([]), /0 samples/],
    ["a share of all", () => trainTestSplit([1, 2], { testSize: 1.5 }), /testSize is 1.5/],
    ["no share", () => trainTestSplit([1, 2], { testSize: 0 }), /testSize is 0/],
    [
      "a lone member",
      () => trainTestSplit([1, 2, 3], { stratify: [0, 0, 1] }),
      /class of sample 2 has only one member/,
    ],
    [
      "too small parts",
      () => trainTestSplit(numbersTo(6), { testSize: 1, stratify: [0, 0, 1, 1, 2, 2] }),
      /3 classes can't all appear/,
    ],
    ["stratify of another length", () => trainTestSplit([1, 2, 3], { stratify: [0, 1] }), /2 labels for 3 samples/],
    [
      "stratify without shuffle",
      () => trainTestSplit([1, 2], { stratify: [0, 1], shuffle: false }),
      /without shuffling/,
    ],
    ["missing labels", () => trainTestSplit([1, 2], { stratify: [0, Number.NaN] }), /NaN at position 1/],
    [
      "labels not known yet",
      () => trainTestSplit([1, 2], { stratify: tensor([0, 1]) as never }),
      /await labels.data\(\)/,
    ],
    ["unknown options", () => trainTestSplit([1, 2], { test_size: 1 } as never), /did you mean "testSize"/],
  ])("refuses %s", (_, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});

describe("kFold", () => {
  test.each(golden.folds.map((each) => [each.splits, each.stratify ?? "none", each] as const))(
    "agrees with scikit-learn: %d splits, stratify %j",
    (splits, _, expected) => {
      const options = expected.stratify ? { splits, stratify: expected.stratify } : { splits };
      expect(kFold(expected.count, options).map((fold) => [...fold.test])).toEqual(expected.tests);
    },
  );

  test("every sample is tested once and trained on otherwise", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        fc.integer({ min: 2, max: 4 }),
        fc.boolean(),
        fc.nat(),
        (count, splits, shuffle, seed) => {
          const folds = kFold(count, { splits, shuffle, seed });
          expect(ascending(folds.flatMap((fold) => [...fold.test]))).toEqual(numbersTo(count));
          for (const { train, test } of folds) expect(ascending([...train, ...test])).toEqual(numbersTo(count));
          expect(kFold(count, { splits, shuffle, seed })).toEqual(folds);
        },
      ),
    );
  });

  test("refuses what it can't divide", () => {
    expect(() => kFold(3, { splits: 5 })).toThrow(/3 samples for 5 splits/);
    expect(() => kFold(3, { splits: 1 })).toThrow(/splits is 1/);
    expect(() => kFold(4, { splits: 2, stratify: [0, 0, 0, 1] })).toThrow(/class of sample 3 has 1 members/);
  });
});

test("selectRows refuses rows outside the data", () => {
  expect(() => selectRows([1, 2], [2])).toThrow(/row 2 was asked for. Expected whole numbers from 0 to 1/);
  expect(() => selectRows([1, 2], [-1])).toThrow(/row -1/);
  expect(() => selectRows("ab" as never, [0])).toThrow(/the string "ab"/);
});
