import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Callback,
  type FitOptions,
  type LossSpec,
  layers,
  type Model,
  model,
  sequential,
} from "../../src/index.ts";
import { allWeights } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-masks-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const quiet = { verbose: 0, shuffle: false } as const;
const lengths = [4, 2, 3, 1, 4, 2, 1];
const x = lengths.map((length, row) => [0, 1, 2, 3].map((i) => (i < length ? 1 + ((row + i) % 4) : 0)));
const y = x.map((row) => row.map((token, i) => (token === 0 ? (i * 3) % 5 : (token * 2) % 5)));
/** Other targets where nothing counts. */
const others = y.map((row, r) => row.map((label, i) => (x[r]?.[i] === 0 ? (label + 1) % 5 : label)));

function tagger(maskZero = true, loss: LossSpec = "sparseCategoricalCrossentropy"): Model {
  return sequential([
    layers.embedding(5, 3, { maskZero, inputShape: [4] }),
    layers.dense(4, { activation: "tanh" }),
    layers.dense(5, { activation: "softmax" }),
  ]).compile({
    optimizer: { kind: "adam", learningRate: 0.05 },
    loss,
    metrics: ["accuracy", "perplexity"],
    weightedMetrics: ["accuracy"],
    engine: "reference",
  });
}

/** The history and the weights of a training. */
async function trained(network: Model, targets: typeof y, options: FitOptions = {}) {
  const { history } = await network.fit(x, targets, { epochs: 3, batchSize: 4, ...quiet, ...options });
  return { ...history, weights: allWeights(network) };
}

describe("padded places", () => {
  const sampleWeight = [1, 0.5, 2, 1, 0, 1, 3];

  test("change nothing: neither losses, metrics nor weights, whatever their targets are", async () => {
    const options = { sampleWeight, validationData: { x, y: others }, accumulate: 3 };
    const [one, other] = [tagger(), tagger()];
    expect(await trained(one, y, options)).toEqual(await trained(other, others, options));
    expect(await one.evaluate(x, y, { batchSize: 3, sampleWeight })).toEqual(
      await one.evaluate(x, others, { batchSize: 3, sampleWeight }),
    );
    const unmasked = tagger(false);
    expect((await unmasked.evaluate(x, y)).loss).not.toBeCloseTo((await unmasked.evaluate(x, others)).loss, 3);
  });

  test("are left out of a data set's values however it is cut into batches", async () => {
    const network = tagger();
    const whole = await network.evaluate(x, y, { sampleWeight });
    const cut = await network.evaluate(x, y, { sampleWeight, batchSize: 3 });
    for (const name of ["loss", "accuracy", "perplexity", "weighted_accuracy"]) {
      expect(cut[name]).toBeCloseTo(whole[name] as number, 6);
    }
    const { perplexity, loss } = await network.evaluate(x, y);
    expect(Math.log(perplexity as number)).toBeCloseTo(loss, 6);
  });

  test.each(["sumOverBatchSize", "meanWithSampleWeight", "sum"] as const)(
    "of parts of a batch are counted as those of the whole: %s",
    async (reduction) => {
      const loss = { kind: "sparseCategoricalCrossentropy", reduction } as const;
      const whole = await trained(tagger(true, loss), y, { sampleWeight, batchSize: 7 });
      const parts = await trained(tagger(true, loss), y, { sampleWeight, batchSize: 7, accumulate: 3 });
      parts.weights.forEach((value, i) => {
        expect(value).toBeCloseTo(whole.weights[i] as number, 5);
      });
      parts.loss?.forEach((value, i) => {
        expect(value).toBeCloseTo(whole.loss?.[i] as number, 5);
      });
    },
  );

  test("stay left out when a training goes on in the middle of an epoch, and when layers are computed again", async () => {
    const whole = await trained(tagger(), y, { batchSize: 2 });
    const folder = join(scratch, "checkpoints");
    const checkpoint = { folder, every: { steps: 3 } };
    const breakAt6: Callback = {
      onStepEnd({ step }) {
        if (step === 6) throw new Error("power cut");
      },
    };
    await expect(trained(tagger(), y, { batchSize: 2, checkpoint, callbacks: [breakAt6] })).rejects.toThrow(
      "power cut",
    );
    const resumed = tagger();
    await resumed.fit(x, y, { ...quiet, epochs: 3, batchSize: 2, checkpoint: { ...checkpoint, resume: true } });
    expect(allWeights(resumed)).toEqual(whole.weights);
    expect(resumed.history?.history.loss).toEqual(whole.loss);
    const again = await trained(tagger(), y, { batchSize: 2, recompute: 2 });
    expect(again.loss).toEqual(whole.loss);
  });

  test("are those of each output by itself", async () => {
    const words = layers.input({ shape: [4], dtype: "int32", name: "words" });
    const seen = layers.embedding(5, 3, { maskZero: true })(words);
    const outputs = {
      tags: layers.dense(5, { activation: "softmax" })(seen),
      mean: layers.dense(1)(layers.flatten()(seen)),
    };
    const network = model({ inputs: { words }, outputs }).compile({
      optimizer: "sgd",
      loss: { tags: "sparseCategoricalCrossentropy", mean: "meanSquaredError" },
      engine: "reference",
    });
    const mean = y.map(([first = 0]) => [first]);
    const [one, other] = [y, others].map((tags) => network.evaluate({ words: x }, { tags, mean }, { batchSize: 3 }));
    expect(await one).toEqual(await other);
  });

  test("can't be left out of losses and metrics that give no number for each place", async () => {
    const perSample: LossSpec = (yTrue, yPred) =>
      yPred.sum({ axis: [1, 2] }).mul(yTrue.cast("float32").mean({ axis: 1 }));
    await expect(tagger(true, perSample).fit(x, y, quiet)).rejects.toThrow(
      "the loss of dense_2 gives [7], and some of the places [7, 4] are padding. Expected a loss for each place",
    );
    const network = tagger().compile({
      optimizer: "sgd",
      loss: "sparseCategoricalCrossentropy",
      metrics: [(_, yPred) => yPred.sum({ axis: [1, 2] })],
      engine: "reference",
    });
    await expect(network.evaluate(x, y)).rejects.toThrow("a metric gives 1 numbers for a sample of 4 places");
  });
});
