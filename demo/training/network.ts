import { layers, type Model, optimizers, schedules, sequential } from "descent";
import type { Settings } from "../messages.ts";

/** The network of examples/digits.ts: three convolutions, each on a smaller picture, then a number for every digit. */
export function network(seed: number): Model {
  const convolution = (filters: number, kernelSize: number, strides = 1) => [
    layers.conv2d(filters, kernelSize, { strides, padding: "same", useBias: false }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.activation("relu"),
  ];
  return sequential(
    [
      layers.input({ shape: [28, 28, 1] }),
      ...convolution(16, 5, 2), // (14, 14, 16)
      ...convolution(32, 3),
      layers.maxPooling2d(), // (7, 7, 32)
      ...convolution(48, 3),
      layers.maxPooling2d(), // (3, 3, 48)
      layers.flatten(),
      layers.dense(10, { activation: "softmax" }),
    ],
    { name: "digits", seed },
  );
}

export function compileFor(model: Model, { epochs, images, batchSize, engine }: Settings): void {
  const decaySteps = epochs * Math.ceil(images / batchSize);
  model.compile({
    optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ learningRate: 0.003, decaySteps }) }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...(engine !== undefined && { engine }),
  });
}
