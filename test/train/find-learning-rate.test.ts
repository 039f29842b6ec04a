import { describe, expect, test } from "vitest";
import { layers, type Model, optimizers, sequential } from "../../src/index.ts";
import { allWeights, classifier, lineData, Paper } from "./fixture.ts";

const { x, y } = lineData(64);

function compiled(): Model {
  return classifier().compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
}

describe("findLearningRate", () => {
  test("draws the curve and suggests a rate, with which the model learns", async () => {
    const paper = new Paper();
    const { rates, losses, smoothed, suggestion = 0 } = await compiled().findLearningRate(x, y, { terminal: paper });
    expect(rates[0]).toBeCloseTo(1e-7, 12);
    expect(rates.length).toBe(losses.length);
    expect(smoothed.length).toBe(losses.length);
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion).toBeLessThan(1);
    expect(paper.text).toMatch(/•.*│|│.*•/);
    expect(paper.text).toMatch(/1e-7 .*1e-4/);
    expect(paper.lines.at(-1)).toMatch(/^suggestion: learningRate \d/);
    expect(paper.lines.every((line) => line.length < paper.columns)).toBe(true);

    const model = classifier().compile({
      optimizer: optimizers.adam({ learningRate: suggestion }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    await model.fit(x, y, { epochs: 30, verbose: 0 });
    expect((await model.evaluate(x, y)).accuracy).toBeGreaterThan(0.9);
  });

  test("leaves the model as it was: it trains on, bit for bit, as if nothing had been asked", async () => {
    const [asked, other] = [compiled(), compiled()];
    for (const model of [asked, other]) await model.fit(x, y, { epochs: 2, verbose: 0 });
    const history = asked.history;
    await asked.findLearningRate(x, y, { steps: 20, verbose: 0 });
    expect(allWeights(asked)).toEqual(allWeights(other));
    expect(asked.history).toBe(history);
    for (const model of [asked, other]) await model.fit(x, y, { epochs: 2, verbose: 0 });
    expect(allWeights(asked)).toEqual(allWeights(other));
  });

  test("ends where the loss diverges, by far or beyond all numbers", async () => {
    const model = sequential([layers.dense(1, { inputShape: [2] })]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const far = await model.findLearningRate(x, y, { steps: 200, to: 1e6, verbose: 0 });
    expect(far.losses.length).toBeLessThan(200);
    expect(far.suggestion).toBeGreaterThan(1e-4);
    const beyond = await model.findLearningRate(x, y, { steps: 200, to: 1e30, divergence: 1e300, verbose: 0 });
    expect(beyond.losses.length).toBeLessThan(200);
    expect(beyond.losses.every(Number.isFinite)).toBe(true);
  });

  test("says that it has no suggestion where nothing is learned", async () => {
    const paper = new Paper();
    const model = sequential([layers.dense(1, { inputShape: [2] })]).compile({
      optimizer: "sgd",
      loss: "meanSquaredError",
    });
    const { suggestion } = await model.findLearningRate(x, y, {
      from: 1e-30,
      to: 1e-29,
      steps: 10,
      batchSize: 64,
      terminal: paper,
    });
    expect(suggestion).toBeUndefined();
    expect(paper.text).toMatch(/did not fall: no suggestion/);
  });

  test("works around wrappers, with all samples at once", async () => {
    const model = classifier().compile({
      optimizer: optimizers.ema({ optimizer: optimizers.sam({ optimizer: "gradientDescent" }) }),
      loss: "binaryCrossentropy",
    });
    const { losses } = await model.findLearningRate(x, y, { steps: 12, verbose: 0 });
    expect(losses.length).toBe(12);
  });

  test.each([
    [{ from: 1, to: 0.1 }, /from is 1, to is 0.1. Expected two positive numbers/],
    [{ steps: 3 }, /findLearningRate: steps is 3. Expected an integer of at least 10/],
    [{ divergence: 1 }, /divergence is 1. Expected a number greater than 1/],
    [{ stpes: 3 }, /"stpes".*did you mean "steps"/],
    [{ verbose: 2 as 1 }, /verbose is 2/],
    [{ batchSize: 0 }, /batchSize is 0/],
  ])("refuses %j", async (options, message) => {
    await expect(compiled().findLearningRate(x, y, options as object)).rejects.toThrow(message);
  });

  test("refuses a model that was not compiled, and data that do not fit", async () => {
    await expect(classifier().findLearningRate(x, y)).rejects.toThrow(/before compile/);
    await expect(compiled().findLearningRate(x, y.slice(1))).rejects.toThrow(/64 samples and y has 63/);
  });
});
