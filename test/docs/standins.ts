/**
 * What the examples in docstrings may use without declaring it, so that they show one thing and still run.
 * Every example gets a copy of this module.
 */
import { layers, type Network, sequential, tensor } from "descent";

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

/** The same, as what the layers below training know. */
export const network: Network = model;

/** Stands for a test runner's `test`. */
export const test = async (_name: string, run: () => void | Promise<void>): Promise<void> => run();

/** Node's, for examples that need a file to read. */
export { writeFileSync } from "node:fs";
