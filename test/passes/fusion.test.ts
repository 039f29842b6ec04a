import { describe, expect, it } from "vitest";
import { layers, type Model, sequential } from "../../src/index.ts";
import { ops } from "../../src/ir/index.ts";
import { compileKernels, type KernelProgram } from "../../src/passes/index.ts";
import { averagePool, conv, gradients, maxPool, randomKey, Tensor } from "../../src/tensor/index.ts";
import { recordFirst } from "./recorded.ts";

function kinds({ steps }: KernelProgram): string {
  return steps.map(({ kernel }) => kernel.kind).join(", ");
}

/** The kernels of a function of tensors of the given shapes. */
function kernels(f: (...x: Tensor[]) => Tensor | readonly Tensor[], ...shapes: number[][]): string {
  const inputs = shapes.map((shape, i) => ops.placeholder(`x${i}`, shape, "float32"));
  const result = f(...inputs.map((node) => new Tensor(node)));
  const outputs = (result instanceof Tensor ? [result] : result).map(({ node }) => node);
  return kinds(compileKernels({ name: "f", inputs, state: [], outputs }).program);
}

const rows = [64, 1000];
const row = [1000];
const long = [100_000];
const layerNorm = (x: Tensor) =>
  x.sub(x.mean({ axis: -1, keepdims: true })).div(x.var({ axis: -1, keepdims: true }).add(1e-5).sqrt());
const gradientOf = (loss: Tensor, ...by: Tensor[]) => gradients(loss, by);
const attention = (q: Tensor, k: Tensor, v: Tensor) =>
  q
    .matmul(k.transpose([0, 2, 1]))
    .mul(0.1)
    .softmax()
    .matmul(v);
const heads = [8, 50, 64];

describe("what becomes one kernel", () => {
  it.each<[string, string, (...x: Tensor[]) => Tensor | readonly Tensor[], ...number[][]]>([
    ["a chain of elementwise ops", "loop", (x) => x.mul(x.div(Math.SQRT2).erf().add(1)).mul(0.5), long],
    ["several results of one chain", "loop", (x) => [x.exp(), x.exp().add(1), x.tanh()], long],
    ["a transposed copy", "loop", (x) => x.T, rows],
    ["softmax over rows", "loop", (x) => x.softmax(), rows],
    ["softmax over columns", "loop", (x) => x.softmax({ axis: 0 }), rows],
    ["log-softmax", "loop", (x) => x.logSoftmax(), rows],
    ["softmax, backward", "loop", (x, g) => gradientOf(x.softmax().mul(g).sum(), x), rows, rows],
    ["layer normalization", "loop", (x, scale, shift) => layerNorm(x).mul(scale).add(shift), rows, row, row],
    ["layer normalization, backward", "loop", (x, g) => gradientOf(layerNorm(x).mul(g).sum(), x), rows, rows],
    ["standardization of columns", "loop", (x) => x.sub(x.mean({ axis: 0 })).div(x.std({ axis: 0 })), [1000, 20]],
    [
      "Adam over flat parameters",
      "loop",
      (p, m, v, g) => {
        const [first, second] = [m.mul(0.9).add(g.mul(0.1)), v.mul(0.999).add(g.square().mul(0.001))];
        return [p.sub(first.div(second.sqrt().add(1e-7)).mul(0.001)), first, second];
      },
      long,
      long,
      long,
      long,
    ],
    ["dense, bias, relu", "contraction", (x, w, b) => x.matmul(w).add(b).relu(), [64, 100], [100, 200], [200]],
    ["with a residual", "contraction", (x, w, b) => x.matmul(w).add(b).tanh().add(x), [64, 100], [100, 100], [100]],
    [
      "with the value before the activation as well",
      "contraction",
      (x, w, b) => [x.matmul(w).add(b), x.matmul(w).add(b).relu()],
      [64, 100],
      [100, 100],
      [100],
    ],
    ["a product of transposes", "contraction", (x, w) => x.T.matmul(w.T), [100, 64], [200, 100]],
    [
      "a product of slices",
      "contraction",
      (x, w) => x.slice(null, [0, 50]).matmul(w.slice([50, null])),
      [64, 99],
      [100, 20],
    ],
    [
      "convolution, bias, relu",
      "contraction",
      (x, w, b) => conv(x, w, { padding: "same" }).add(b).relu(),
      [8, 28, 28, 3],
      [3, 3, 3, 16],
      [16],
    ],
    [
      "rows of a weight among others, which stays where it is",
      "loop",
      (p, at) => p.slice([200, 80_200]).reshape([1000, 80]).take(at).tanh(),
      long,
      [50],
    ],
    ["max pooling", "loop", (x) => maxPool(x, { size: 2 }), [8, 28, 28, 16]],
    ["average pooling", "loop", (x) => averagePool(x, { size: 2 }), [8, 28, 28, 16]],
  ])("%s: %s", (_name, expected, f, ...shapes) => {
    expect(kernels(f, ...shapes)).toBe(expected);
  });
});

describe("what takes several", () => {
  it.each<[string, string, (...x: Tensor[]) => Tensor | readonly Tensor[], ...number[][]]>([
    ["dense, softmax", "contraction, loop", (x, w, b) => x.matmul(w).add(b).softmax(), [64, 100], [100, 100], [100]],
    ["attention", "contraction, loop, contraction", attention, heads, heads, heads],
    [
      "attention, backward",
      "contraction, contraction, loop, contraction, contraction, contraction, loop",
      (q, k, v, g) => gradientOf(attention(q, k, v).mul(g).sum(), q, k, v),
      heads,
      heads,
      heads,
      heads,
    ],
    [
      "the gradients of a dense layer",
      "contraction, contraction, contraction, loop",
      (x, w, b) => gradientOf(x.matmul(w).add(b).relu().sum(), x, w, b),
      [64, 100],
      [100, 100],
      [100],
    ],
    [
      "max pooling of windows side by side, backward: where the greatest are, then the gradient and its sum",
      "loop, loop, loop",
      (x, g) => {
        const [slope] = gradientOf(maxPool(x.relu(), { size: 2 }).mul(g).sum(), x) as [Tensor];
        return [slope, slope.sum({ axis: [0, 1, 2] })];
      },
      [64, 28, 28, 16],
      [64, 14, 14, 16],
    ],
    ["a mean of very many, in fixed parts", "loop, loop", (x) => x.mean(), long],
    [
      "dropout: its counter, the random bits, then all the rest",
      "loop, random, loop",
      (x) => randomKey(1).bernoulli(0.5, rows).where(x.mul(2), 0).tanh(),
      rows,
    ],
  ])("%s: %s", (_name, expected, f, ...shapes) => {
    expect(kernels(f, ...shapes)).toBe(expected);
  });
});

/** How many kernels of each kind. */
function countsOf({ steps }: KernelProgram): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kernel } of steps) counts[kernel.kind] = (counts[kernel.kind] ?? 0) + 1;
  return counts;
}

/** A model's training step, as it is compiled by fit. */
async function trainingStep(model: Model, rowShape: readonly number[], batch: number): Promise<KernelProgram> {
  const size = rowShape.reduce((product, each) => product * each, batch);
  const x = { data: new Float32Array(size), shape: [batch, ...rowShape] };
  const y = { data: new Float32Array(batch), shape: [batch, 1] };
  const program = await recordFirst(() => model.fit(x, y, { batchSize: batch, epochs: 1, verbose: 0 }));
  return compileKernels(program).program;
}

describe("whole training steps (numbers that must not grow unnoticed)", () => {
  const engine = "reference";

  it("784-512-256-10, Adam, batch 128", async () => {
    const model = sequential([
      layers.dense(512, { activation: "relu", inputShape: [784] }),
      layers.dense(256, { activation: "relu" }),
      layers.dense(10, { activation: "softmax" }),
    ]).compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", engine });
    const step = await trainingStep(model, [784], 128);
    expect(countsOf(step)).toEqual({ contraction: 10, loop: 8 });
    // Activations and gradients of one batch; the gradients of no more than a part of the parameters.
    const parameters = 4 * model.parameters.length;
    const activations = 4 * 128 * (512 + 256 + 10);
    expect(step.arenaBytes).toBeLessThan(0.4 * parameters + 2 * activations);
  });

  it("the article's 2-10-5-1, Adam, batch 1", async () => {
    const model = sequential([
      layers.dense(10, { activation: "relu", inputShape: [2] }),
      layers.dense(5, { activation: "relu" }),
      layers.dense(1, { activation: "sigmoid" }),
    ]).compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"], engine });
    const step = await trainingStep(model, [2], 1);
    expect(countsOf(step)).toEqual({ contraction: 8, loop: 2 });
    expect(step.steps.some(({ parallel }) => parallel)).toBe(false);
    expect(step.work).toBeLessThan(15_000);
  });

  it("a convolutional network with batch normalization and dropout, batch 64", async () => {
    const model = sequential([
      layers.conv2d(16, 3, { activation: "relu", padding: "same", inputShape: [28, 28, 1] }),
      layers.batchNormalization(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d(32, 3, { activation: "relu", padding: "same" }),
      layers.batchNormalization(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dropout(0.3),
      layers.dense(64, { activation: "relu" }),
      layers.dense(10, { activation: "softmax" }),
    ]).compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", engine });
    const step = await trainingStep(model, [28, 28, 1], 64);
    expect(countsOf(step)).toEqual({ contraction: 11, random: 3, loop: 31 });
  });
});
