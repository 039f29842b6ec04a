import { describe, expect, test } from "vitest";
import { layers, sequential, tensor } from "../../src/index.ts";
import { balancedOrder } from "../../src/train/balance.ts";
import { HostRandom } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

describe("a balanced order", () => {
  test("has all classes as often, to one row, and of none a row twice more often than another", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }), fc.nat(), (sizes, seed) => {
        let row = 0;
        const strata = sizes.map((size) => Uint32Array.from({ length: size }, () => row++));
        const order = new Uint32Array(row);
        balancedOrder(order, strata, new HostRandom(seed));
        const times = new Array<number>(row).fill(0);
        for (const each of order) times[each] = (times[each] as number) + 1;
        const shares = strata.map((rows) => rows.reduce((sum, each) => sum + (times[each] as number), 0));
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        for (const rows of strata) {
          const seen = [...rows].map((each) => times[each] as number);
          expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("fit with balanceClasses", () => {
  const rare = Array.from({ length: 40 }, (_, i) => [i % 10 === 0 ? 1 : 0]);
  const make = () => {
    const model = sequential([layers.dense(1, { activation: "sigmoid", inputShape: [1] })]);
    const share = (yTrue: ReturnType<typeof tensor>) => yTrue.mean({ axis: 1 });
    return model.compile({
      optimizer: "sgd",
      loss: "binaryCrossentropy",
      metrics: [share],
      engine: "reference",
    });
  };

  test("shows a rare class as often as the other, in batches and in one", async () => {
    for (const batchSize of [8, 40]) {
      const { history } = await make().fit(tensor(rare), tensor(rare), {
        batchSize,
        epochs: 2,
        balanceClasses: true,
        verbose: 0,
      });
      expect(history["share"]).toEqual([0.5, 0.5]);
    }
    const { history } = await make().fit(tensor(rare), tensor(rare), { batchSize: 8, verbose: 0 });
    expect(history["share"]?.[0]).toBeCloseTo(0.1);
  });

  test("needs two classes, and an order to draw", async () => {
    const [x, none] = [tensor(rare), tensor(rare.map(() => [0]))];
    const training = (y: typeof x, options: object) =>
      make().fit(x, y, { verbose: 0, balanceClasses: true, ...options });
    await expect(training(none, {})).rejects.toThrow("all of y is of one class");
    await expect(training(x, { shuffle: false })).rejects.toThrow("balanceClasses and shuffle: false");
    await expect(training(x, { balanceClasses: 1 })).rejects.toThrow("balanceClasses is 1");
  });
});
