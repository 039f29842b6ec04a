import { describe, expect, test } from "vitest";
import { addLora, layers, type Model, mergeLora, sequential } from "../../src/index.ts";

const quiet = { verbose: 0 } as const;
const x = [
  [1, 2, 3],
  [3, -1, 0],
  [0.5, 1, -2],
];
const y = [[1], [0], [2]];

const weightsOf = (network: Model) =>
  Object.fromEntries(Object.entries(network.getWeights()).map(([path, values]) => [path, [...values]]));

const numbers = async (network: Model) => [...(await (await network.predict(x)).data())];

const build = () => {
  const features = sequential([layers.dense(6, { activation: "tanh", inputShape: [3] })], { name: "features" });
  return sequential([features, layers.layerNormalization(), layers.dense(1)]);
};

describe("LoRA", () => {
  test("begins as the model was, trains A and B only, and is merged into plain layers", async () => {
    const model = build();
    const before = await numbers(model);
    const tuned = addLora(model, { rank: 2, alpha: 4 });
    (await numbers(tuned)).forEach((value, i) => {
      expect(value).toBeCloseTo(before[i] as number, 5);
    });
    expect(tuned.weights.filter(({ trainable }) => trainable).map(({ path, shape }) => [path, shape])).toEqual([
      ["features/dense_1/loraA", [3, 2]],
      ["features/dense_1/loraB", [2, 6]],
      ["dense_1/loraA", [6, 2]],
      ["dense_1/loraB", [2, 1]],
    ]);
    expect(tuned.summary()).toMatch(/trainable: 32 .*\n frozen: 43 /);
    tuned.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
    const { history } = await tuned.fit(x, y, { epochs: 20, ...quiet });
    expect(history.loss.at(-1)).toBeLessThan(history.loss[0] as number);
    expect(weightsOf(tuned)["dense_1/kernel"]).toEqual(weightsOf(model)["dense_1/kernel"]);

    const merged = mergeLora(tuned);
    expect(merged.toConfig()).toEqual(model.toConfig());
    const learned = await numbers(tuned);
    expect(learned[0]).not.toBeCloseTo(before[0] as number, 3);
    (await numbers(merged)).forEach((value, i) => {
      expect(value).toBeCloseTo(learned[i] as number, 5);
    });
    expect(await numbers(model)).toEqual(before);
  });

  test("goes around the layers that are named, and refuses what it can't go around", () => {
    const tuned = addLora(build(), { rank: 1, layers: ["dense_1"] });
    expect(tuned.weights.filter(({ trainable }) => trainable).map(({ path }) => path)).toEqual([
      "dense_1/loraA",
      "dense_1/loraB",
    ]);
    expect(() => addLora(build(), { layers: ["dens_1"] })).toThrow('did you mean "dense_1"?');
    expect(() => addLora(build(), { layers: ["layerNormalization_1"] })).toThrow("which has no kernel");
    expect(() => addLora(build(), { ranks: 1 } as never)).toThrow('did you mean "rank"?');
    expect(() => mergeLora(build())).toThrow("a model without LoRA layers");
    expect(() => layers.lora(layers.dense(2), { rank: 0 })).toThrow("lora got rank = 0");
  });
});
