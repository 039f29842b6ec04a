import { expect, test } from "vitest";
import { layers } from "../../src/nn/index.ts";
import { forecast, model, sequential } from "../../src/train/index.ts";

/** From three steps of two features to the next two: each grows by what it grew before. */
function grower() {
  const network = sequential([
    layers.flatten({ inputShape: [3, 2] }),
    layers.dense(4, { useBias: false }),
    layers.reshape([2, 2]),
  ]);
  const kernel = new Float32Array(24); // [6, 4]: inputs by step and feature
  for (const feature of [0, 1]) {
    for (const step of [0, 1]) {
      kernel[(4 + feature) * 4 + 2 * step + feature] = 2 + step; // last + (step + 1) (last - the one before)
      kernel[(2 + feature) * 4 + 2 * step + feature] = -1 - step;
    }
  }
  network.setWeights({ "dense_1/kernel": kernel });
  return network;
}

test("a forecast goes on beyond what the model gives at once", async () => {
  const history = Array.from({ length: 6 }, (_, i) => [i, 10 - 2 * i]);
  const next = await forecast(grower(), history, { steps: 5 });
  expect(await next.array()).toEqual([
    [6, -2],
    [7, -4],
    [8, -6],
    [9, -8],
    [10, -10],
  ]);
  expect((await forecast(grower(), history)).shape).toEqual([2, 2]);
});

test("a series of one feature may be a plain list", async () => {
  const last = sequential([layers.flatten({ inputShape: [2, 1] }), layers.dense(1, { kernelInitializer: "ones" })]);
  expect(await (await forecast(last, [1, 1, 1], { steps: 4 })).array()).toEqual([[2], [3], [5], [8]]);
});

test.each<[() => Promise<unknown>, string]>([
  [() => forecast(grower(), [[1, 2]]), "history has 1 steps. Expected at least 3, which the model sees."],
  [() => forecast(grower(), [1, 2, 3]), "history has 1 features. Expected 2, as the model."],
  [() => forecast(grower(), [[1, 2]], { steps: 0 }), "forecast: steps is 0"],
  [
    () => forecast(sequential([layers.dense(3, { inputShape: [4] })]), [1]),
    "forecast got a model of samples [4]. Expected a model from [length, features] to [horizon, features].",
  ],
  [
    () => forecast(sequential([layers.flatten({ inputShape: [3, 2] }), layers.dense(3)]), [1]),
    "forecast got a model that gives [3] for 2 features. Expected [horizon, 2]",
  ],
  [
    () => {
      const input = layers.input({ shape: [3, 1] });
      return forecast(model({ inputs: input, outputs: [input, layers.dense(1)(input)] }), [1]);
    },
    "forecast got a model of 1 inputs and 2 outputs",
  ],
])("refuses %#", async (make, message) => {
  await expect(make()).rejects.toThrow(message);
});
