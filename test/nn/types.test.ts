import { expect, test } from "vitest";
import { layers, losses, metrics, resolveActivation, resolveLoss, resolveMetric } from "../../src/nn/index.ts";

test("what the compiler refuses is refused at run time too", () => {
  // @ts-expect-error: a misspelt name
  expect(() => layers.dense(1, { activation: "rellu" })).toThrow();
  // @ts-expect-error: an option of no layer
  expect(() => layers.dense(1, { units: 3, bias: true })).toThrow();
  // @ts-expect-error: causal is for sequences
  expect(() => layers.conv2d(1, 3, { padding: "causal" })).toThrow();
  // @ts-expect-error: two sizes for one axis
  expect(() => layers.conv1d(1, [3, 3])).toThrow();
  // @ts-expect-error: an option of another activation
  expect(() => resolveActivation({ kind: "elu", negativeSlope: 1 })).toThrow();
  // @ts-expect-error: an option of another loss
  expect(() => resolveLoss({ kind: "huber", fromLogits: true })).toThrow();
  // @ts-expect-error: no such average
  expect(() => metrics.f1({ average: "mean" })).toThrow();
  // @ts-expect-error: no such metric
  expect(() => resolveMetric("f2")).toThrow();
  // @ts-expect-error: no such option
  expect(() => losses.huber({ deltaa: 1 })).toThrow();
});

test("what the compiler takes works", () => {
  layers.conv1d(1, [3], { padding: "causal" });
  layers.conv2d(1, [3, 2], { strides: [1, 2], kernelInitializer: { kind: "randomNormal", stddev: 0.1 } });
  resolveActivation({ kind: "relu" });
  resolveLoss((yTrue, yPred) => yTrue.sub(yPred).square().mean());
  resolveMetric({ kind: "precision", average: "macro", threshold: 0.25 });
});
