/**
 * What the examples in docstrings may use without declaring it, so that they show one thing and still run.
 * The examples of one run share them.
 */
import { layers, sequential, tensor } from "../../src/index.ts";

/** Four samples of two features. */
export const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
/** Their labels: XOR. */
export const y = tensor([[0], [1], [1], [0]]);

/** A small classifier, compiled. */
export const model = sequential([
  layers.dense(4, { activation: "tanh", inputShape: [2] }),
  layers.dense(1, { activation: "sigmoid" }),
]);
model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
