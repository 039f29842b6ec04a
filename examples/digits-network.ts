import { layers, type Model, sequential } from "descent";

/** Every image a little moved, turned and resized, each time anew. */
export const augment = layers.randomAffine({ translation: 0.05, rotation: 8 / 360, zoom: 0.1, fillMode: "constant" });

/** Three convolutions, each on a smaller picture with more channels, then a number for every digit: 23,000 weights. */
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
