import { layers, optimizers, sequential } from "../../src/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { digest } from "./digest.ts";

const CLASSES = 4;
const SIZE = 12;
const ROWS = 330;

/**
 * Trains a small convolutional network with everything that draws random numbers or keeps state.
 *
 * @returns the digest of its weights, moving statistics and predictions, then steps and loss
 */
export async function trained(): Promise<string> {
  const random = new HostRandom(7);
  const labels = Float32Array.from({ length: ROWS }, () => random.integer(CLASSES));
  /** A bright band whose place is the class, in noise. */
  const images = Float32Array.from({ length: ROWS * SIZE * SIZE }, (_, i) => {
    const band = Math.floor((i % SIZE) / (SIZE / CLASSES));
    return (band === labels[Math.floor(i / (SIZE * SIZE))] ? 1 : 0) + 0.3 * random.normal();
  });
  const model = sequential(
    [
      layers.conv2d(16, 3, { padding: "same", inputShape: [SIZE, SIZE, 1] }),
      layers.batchNormalization(),
      layers.activation("relu"),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.dropout(0.2),
      layers.conv2d(32, 3, { activation: "relu" }),
      layers.flatten(),
      layers.dense(32, { activation: "relu" }),
      layers.dropout(0.3),
      layers.dense(CLASSES, { activation: "softmax" }),
    ],
    { seed: 3 },
  );
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const x = { data: images, shape: [ROWS, SIZE, SIZE, 1] };
  const history = await model.fit(
    x,
    { data: labels, shape: [ROWS] },
    {
      batchSize: 64, // the last batch is smaller
      epochs: 10,
      augment: layers.randomAffine({ translation: 0.05, rotation: 10 / 360, zoom: 0.1, fillMode: "constant" }),
      verbose: 0,
    },
  );
  const predicted = await (await model.predict(x)).data();
  const bits = await digest([model.parameters, model.moving, predicted]);
  return `${bits} ${history.steps} steps, loss ${history.history.loss.at(-1)?.toFixed(6)}`;
}
