import { layers } from "../nn/index.ts";
import type { Model } from "../train/index.ts";
import { type ClassifierOptions, classifierSettings, named } from "./classifier.ts";

/**
 * LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998): two convolutions, each followed by means of 2 x 2
 * pixels, then 120, 84 and `classes` units: [28, 28, 1] -> [10], 61,706 weights. As it is taught today: means without weights, every
 * filter sees all channels, and softmax in place of distances. `classes` is 10 and `inputShape` [28, 28, 1] by default.
 *
 * @example
 * const model = lenet5().compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
 */
export function lenet5(options: Omit<ClassifierOptions, "includeTop"> = {}): Model {
  const settings = classifierSettings("lenet5", options, [], { classes: 10, inputShape: [28, 28, 1] });
  const input = layers.input({ shape: settings.inputShape });
  let x = layers.conv2d(6, 5, { padding: "same", activation: "tanh", name: "c1" })(input);
  x = layers.averagePooling2d({ name: "s2" })(x); // [14, 14, 6]
  x = layers.conv2d(16, 5, { activation: "tanh", name: "c3" })(x);
  x = layers.averagePooling2d({ name: "s4" })(x); // [5, 5, 16]
  x = layers.dense(120, { activation: "tanh", name: "c5" })(layers.flatten()(x));
  x = layers.dense(84, { activation: "tanh", name: "f6" })(x);
  const { classes, classifierActivation: activation } = settings;
  return named("lenet5", options, input, layers.dense(classes, { activation, name: "output" })(x));
}
