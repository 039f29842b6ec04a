/**
 * Descent: trains neural networks from TypeScript at the speed of the machine.
 *
 * Tensors with NumPy's words, models with Keras's; data preparation lies in "descent/data", helpers for tests in
 * "descent/testing".
 */
export * from "./nn/index.ts";
export * from "./optim/index.ts";
export * from "./tensor/index.ts";
export * from "./train/index.ts";
export { DescentError } from "./util/index.ts";
