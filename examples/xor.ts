/**
 * Exclusive or: the smallest problem that no single layer can solve (Minsky and Papert 1969).
 *
 *     npx tsx examples/xor.ts
 */
import { layers, type Model, optimizers, sequential } from "descent";
import { startedDirectly } from "./direct.ts";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [[0], [1], [1], [0]];

export function network(seed: number): Model {
  return sequential(
    [layers.dense(8, { activation: "tanh", inputShape: [2] }), layers.dense(1, { activation: "sigmoid" })],
    { seed },
  );
}

export async function main({ verbose = "auto", seed = 1 }: { verbose?: 0 | 1 | "auto"; seed?: number } = {}) {
  const model = network(seed);
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.05 }),
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
  });
  const history = await model.fit(x, y, { epochs: 1000, batchSize: 4, stopWhen: { loss: 0.01 }, seed, verbose });
  const { loss, accuracy } = await model.evaluate(x, y);
  const predictions = (await (await model.predict(x)).array()) as number[][];
  return { epochs: history.epochs.length, loss, accuracy, predictions: predictions.map(([p = Number.NaN]) => p) };
}

if (startedDirectly(import.meta.url)) {
  const { epochs, predictions } = await main();
  console.log(`\nLearned in ${epochs} epochs:`);
  x.forEach(([a, b], i) => {
    console.log(`  ${a} xor ${b} = ${predictions[i]?.toFixed(3)}`);
  });
}
