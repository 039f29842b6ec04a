import { describe, expect, test } from "vitest";
import { createLayer, type LossSpec } from "../../src/nn/index.ts";
import type { OptimizerConfig } from "../../src/optim/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";
import { sequential } from "../../src/train/index.ts";
import { asTensor, type GoldenArray, golden } from "./golden.ts";

interface GoldenTraining {
  readonly name: string;
  readonly layers: ({ readonly kind: string } & Record<string, unknown>)[];
  readonly optimizer: OptimizerConfig;
  readonly loss: LossSpec;
  readonly batchSize: number;
  readonly epochs: number;
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly sampleWeight?: GoldenArray;
  readonly before: Record<string, GoldenArray>;
  readonly after: Record<string, GoldenArray>;
  /** Of every epoch. */
  readonly losses: number[];
  readonly evaluated: Record<string, number>;
  readonly predictions: GoldenArray;
}

const { cases } = await golden<{ cases: GoldenTraining[] }>("training");
/** Weights are of the size of 1. */
const tolerance = { rtol: 1e-5, atol: 1e-6 };

await forEachEngine((engine) => {
  describe(`whole trainings on ${engine}`, () => {
    test.each(cases)("$name", async (golden) => {
      const { batchSize, epochs, optimizer, loss, evaluated, sampleWeight } = golden;
      const model = sequential(golden.layers.map(({ kind, ...options }) => createLayer(kind, options)));
      model.setWeights(Object.fromEntries(Object.entries(golden.before).map(([path, { data }]) => [path, data])));
      const metrics = "accuracy" in evaluated ? (["accuracy"] as const) : [];
      model.compile({ optimizer, loss, metrics, engine });
      const [x, y] = [asTensor(golden.x), asTensor(golden.y)];

      const { history, steps } = await model.fit(x, y, {
        epochs,
        ...(batchSize < x.shape[0]! && { batchSize }),
        ...(sampleWeight && { sampleWeight: asTensor(sampleWeight) }),
        shuffle: false,
        verbose: 0,
      });

      expect(steps).toBe(epochs * Math.ceil(x.shape[0]! / batchSize));
      const weights = model.getWeights();
      expect(Object.keys(weights).sort()).toEqual(Object.keys(golden.after).sort());
      for (const [path, { data }] of Object.entries(golden.after)) expectClose(weights[path]!, data, tolerance);
      expectClose(history["loss"] as number[], golden.losses, tolerance);
      const scores = await model.evaluate(x, y, { batchSize: 4 });
      for (const [name, value] of Object.entries(evaluated)) expectClose(scores[name]!, value, tolerance);
      const predictions = await model.predict(x, { batchSize: 7 });
      expect(predictions.shape).toEqual(golden.predictions.shape);
      expectClose(await predictions.data(), golden.predictions.data, tolerance);
    });
  });
});
