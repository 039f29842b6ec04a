/**
 * The article's program: normalize three samples, build a network 2-10-5-1, train it, ask how good it is.
 *
 *     npx tsx examples/article.ts
 */
import { layers, type Model, sequential, tensor } from "descent";
import { startedDirectly } from "./direct.ts";

export function network(seed: number): Model {
  return sequential(
    [
      layers.dense(10, { activation: "relu", inputShape: [2] }),
      layers.dense(5, { activation: "relu" }),
      layers.dense(1, { activation: "sigmoid" }),
    ],
    { seed },
  );
}

export async function main({ verbose = "auto", seed = 0 }: { verbose?: 0 | 1 | "auto"; seed?: number } = {}) {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const y = [[0], [1], [1]];
  const normalized = x.sub(x.mean({ axis: 0 })).div(x.std({ axis: 0 }));

  const model = network(seed);
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const history = await model.fit(normalized, y, {
    epochs: 1000,
    batchSize: 1,
    stopWhen: { loss: 0.01 },
    seed,
    verbose,
  });
  const { loss, accuracy } = await model.evaluate(normalized, y);
  return { epochs: history.epochs.length, loss, accuracy };
}

if (startedDirectly(import.meta.url)) {
  const { epochs, loss, accuracy } = await main();
  console.log(`After ${epochs} epochs: loss ${loss}, accuracy ${accuracy}`);
}
