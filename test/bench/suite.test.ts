import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fittedExponent, SERIES, scalingTasks } from "../../bench/commands/scaling.ts";
import { CASES, caseNamed, perceptronCase } from "../../bench/suite/cases.ts";
import { flopOf, leastBytes } from "../../bench/suite/cost.ts";
import { memoryBound } from "../../bench/suite/memory.ts";
import { factors, firstWeights, oneHot, product, repeated, samplesOf } from "../../bench/suite/numbers.ts";
import { trainingTask, trainingTasks } from "../../bench/suite/tasks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");

/** Batches and parameters of the networks of the shared suite, the latter by PyTorch's sum(p.numel() for p in model.parameters()). */
const SUITE: Record<string, { batch: number; parameters: number }> = {
  "mlp-tiny": { batch: 1, parameters: 91 },
  "mlp-mnist": { batch: 128, parameters: 535_818 },
  "mlp-wide": { batch: 256, parameters: 8_344_552 },
  "cnn-mnist": { batch: 128, parameters: 1_199_882 },
  resnet20: { batch: 64, parameters: 272_282 },
  "lstm-char": { batch: 32, parameters: 419_265 },
  "gpt-mini": { batch: 12, parameters: 818_176 },
};

describe("the suite", () => {
  test("has the shared suite's cases", () => {
    expect(CASES.map(({ name }) => name)).toEqual(Object.keys(SUITE));
    expect(() => caseNamed("mlp-huge")).toThrow("no case mlp-huge; known: mlp-tiny, ");
  });

  test.each(trainingTasks())("$name, said without Descent, is that network", (task) => {
    const { batch, parameters } = SUITE[task.name]!;
    const network = caseNamed(task.name).build();
    expect(task.batch).toBe(batch);
    expect(network.parameters.length).toBe(parameters);
    const trainable = task.weights.filter((each) => each.trainable);
    expect(trainable.reduce((total, { shape }) => total + product(shape), 0)).toBe(parameters);
    expect(product(task.inputShape)).toBe(product(network.inputs[0]!.shape));
    expect(task.layers).toHaveLength(network.layers.length - (network.layers[0]?.path.startsWith("input") ? 1 : 0));
    const known = new Set([task.layers[0]!.inputs[0]]);
    for (const { name, inputs } of task.layers) {
      for (const input of inputs) expect(known).toContain(input);
      known.add(name);
    }
  });

  test("knows where libraries come to the same losses", () => {
    const exact = trainingTasks().filter((task) => task.exact);
    expect(exact.map(({ name }) => name)).toEqual(["mlp-tiny", "mlp-mnist", "mlp-wide", "lstm-char", "gpt-mini"]);
  });

  test("counts operations: forward and weight gradient of the first layer, input gradient as well of the others", () => {
    const products = 2 * (784 * 512) + 3 * (512 * 256 + 256 * 10);
    expect(flopOf(caseNamed("mlp-mnist").build(), 128)).toBe(2 * 128 * products);
  });

  test("counts attention's projections, and queries by keys by values", () => {
    const products = 4 * (4 * 128 * 128 + 2 * 64 * 128 + 2 * 4 * 128 * 128) + 65 * 128;
    expect(flopOf(caseNamed("gpt-mini").build(), 12)).toBe(3 * 2 * 12 * 64 * products);
  });

  test("counts both products of a recurrent layer at every place", () => {
    const products = 128 * 1024 + 256 * 1024 + 256 * 65;
    expect(flopOf(caseNamed("lstm-char").build(), 32)).toBe(3 * 2 * 32 * 64 * products);
  });

  test("counts the least bytes: parameters and slots there and back, the input there", () => {
    const network = caseNamed("mlp-mnist").build();
    const adam = { kind: "adam", learningRate: 1e-3 } as const;
    const sgd = { kind: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 0 } as const;
    expect(leastBytes(network, 128, adam)).toBe(8 * 3 * 535_818 + 4 * 128 * 784);
    expect(leastBytes(network, 128, sgd)).toBe(8 * 2 * 535_818 + 4 * 128 * 784);
    expect(trainingTask(caseNamed("mlp-mnist")).bytes).toBe(leastBytes(network, 128, adam));
  });
});

describe("peers", () => {
  test("are pinned: the versions wanted are the ones locked", () => {
    const { dependencies } = JSON.parse(read("bench/peers/package.json"));
    const { packages } = JSON.parse(read("bench/peers/package-lock.json"));
    for (const [name, version] of Object.entries(dependencies))
      expect(packages[`node_modules/${name}`].version).toBe(version);
  });
});

describe("the numbers that all begin with", () => {
  const task = trainingTask(caseNamed("mlp-mnist"));

  test("are the same every time, and go round in a longer data set", () => {
    const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const [once, again] = [firstWeights(task), firstWeights(task)];
    for (const { path } of task.weights) expect(bytes(once[path]!).equals(bytes(again[path]!))).toBe(true);
    expect([...repeated(Float32Array.of(1, 2), 3)]).toEqual([1, 2, 1, 2, 1, 2]);
    const [a, b] = factors(2, 3, 5);
    expect([a.length, b.length]).toEqual([10, 15]);
  });

  test("are spread as they should be", () => {
    const kernel = firstWeights(task)[task.weights[0]!.path]!;
    const limit = Math.sqrt(6 / (784 + 512));
    const mean = kernel.reduce((sum, each) => sum + each, 0) / kernel.length;
    const square = kernel.reduce((sum, each) => sum + each ** 2, 0) / kernel.length;
    expect(Math.abs(mean)).toBeLessThan(limit / 200);
    expect(square / (limit ** 2 / 3)).toBeCloseTo(1, 2);
    const { y } = samplesOf({ ...task, batch: 5000 });
    for (let label = 0; label < 10; label++) expect(y.filter((each) => each === label).length).toBeGreaterThan(400);
    expect([...oneHot(Int32Array.of(2, 0), 3)]).toEqual([0, 0, 1, 1, 0, 0]);
  });

  test("are ones where a scale or a variance begins", () => {
    const weights = firstWeights(trainingTask(caseNamed("resnet20")));
    const values = (name: string) => [...new Set(weights[`batchNormalization_1/${name}`])];
    expect(["gamma", "beta", "movingMean", "movingVariance"].map(values)).toEqual([[1], [0], [0], [1]]);
  });
});

describe("the least memory of a step", () => {
  test("of a perceptron: parameters, slots, the batch, what hidden layers made, or the gradients beside it", () => {
    const suite = perceptronCase("small", { batch: 4, sizes: [3, 5, 6, 2], steps: 1 });
    const parameters = 4 * (3 * 5 + 5 + 5 * 6 + 6 + 6 * 2 + 2);
    // Kept: 5 + 6 + 2 numbers a sample. Through the second layer: 5 kept, gradients of 6 and of 5. The largest is 16.
    expect(memoryBound(trainingTask(suite), suite.build())).toEqual({
      parameters,
      slots: 2 * parameters,
      input: 4 * 4 * 3,
      activations: 4 * 4 * Math.max(5 + 6 + 2, 5 + 6 + 2 + 6, 5 + 6 + 5),
    });
  });

  test("counts a tensor once, and nothing for what only moves numbers", () => {
    const task = trainingTask(caseNamed("cnn-mnist"));
    const { activations } = memoryBound(task, caseNamed("cnn-mnist").build());
    const [first, second] = [26 * 26 * 32, 24 * 24 * 64];
    expect(activations).toBe(4 * 128 * (first + second + first)); // while the second convolution's gradient is taken
  });
});

test("growing networks: exponents come from least squares through logarithms", () => {
  expect(fittedExponent([1, 2, 4, 8].map((x) => [x, 3 * x ** 1.5] as const))).toBeCloseTo(1.5, 9);
  const names = scalingTasks().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { values, task } of SERIES) {
    const [least, most] = [task(values[0]!), task(values.at(-1)!)];
    expect(most.flop).toBeGreaterThan(least.flop);
  }
});
