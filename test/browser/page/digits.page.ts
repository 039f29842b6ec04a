import { expect, test } from "vitest";
import { augment, network } from "../../../examples/digits-network.ts";
import { mnist, trainTestSplit } from "../../../src/data/index.ts";

// examples/digits.ts ends with files and a report for the terminal; this is what it learns, in one epoch.
test("handwritten digits, seen once, are told apart on at least 93 % of the test images", async () => {
  const { images, labels } = await mnist();
  const [xTrain, xTest, yTrain, yTest] = trainTestSplit(images, labels, { testSize: 0.2, stratify: labels, seed: 1 });
  const model = network(1).compile({
    optimizer: "adam",
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const { engine } = await model.fit(xTrain, yTrain, { epochs: 1, batchSize: 32, augment, seed: 1, verbose: 0 });
  expect(engine).toMatch(/^wasm/);
  expect((await model.evaluate(xTest, yTest)).accuracy).toBeGreaterThanOrEqual(0.93);
});
