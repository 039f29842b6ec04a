import { describe, expect, it } from "vitest";
import { type Layer, layers, type Model, sequential } from "../../src/index.ts";
import { availableEngines, type TestEngine } from "../../src/testing/index.ts";
import { product } from "../../src/util/index.ts";

// Whole steps of models whose sizes small cases never have: updates of more than 131,072 parameters are done in parts, products are packed,
// cut and shared out by their sizes. Each was wrong once, or stands for a way that a size may take.

interface Sized {
  readonly name: string;
  readonly shape: readonly number[];
  readonly rows: number;
  readonly make: (inputShape: readonly number[]) => Layer[];
}

/** Units of the layers, the inputs first: products of few and of many rows, first, in the middle and last, large and small beside others. */
const perceptrons = [
  [64, 4096, 64, 1],
  [100, 1500, 8],
  [2, 70_000, 2],
  [300, 300, 300],
  [5, 400, 3, 20_000, 4],
].map(
  ([inputs, ...units]): Sized => ({
    name: `perceptron of ${inputs}, ${units.join(", ")}`,
    shape: [inputs!],
    rows: 6,
    make: (inputShape) =>
      units.map((size, i) => layers.dense(size, { activation: "tanh", ...(i === 0 && { inputShape }) })),
  }),
);

/** Of one sample, whose places are the depth of the weights' gradients: padding cuts it short for the first and the last taps. */
const sequences = [
  [33, 80, 64, 3],
  [64, 16, 16, 3],
  [200, 40, 33, 5],
].map(
  ([length, channels, filters, taps]): Sized => ({
    name: `convolution of ${taps} taps over ${length} places, ${channels} to ${filters} channels`,
    shape: [length!, channels!],
    rows: 1,
    make: (inputShape) => [
      layers.conv1d(filters!, taps!, { padding: "same", inputShape }),
      layers.globalAveragePooling1d(),
      layers.dense(2),
    ],
  }),
);

const pictures: readonly Sized[] = [
  {
    name: "convolution of one filter and stride 2",
    shape: [16, 10, 3],
    rows: 1,
    make: (inputShape) => [
      layers.conv2d(64, 1, { activation: "tanh", inputShape }),
      layers.conv2d(1, 1, { strides: 2 }),
      layers.flatten(),
    ],
  },
];

function modelOf({ make, shape }: Sized, engine: TestEngine): Model {
  return sequential(make(shape), { seed: 1 }).compile({
    optimizer: { kind: "momentum", learningRate: 1 },
    loss: "meanSquaredError",
    engine,
  });
}

const weightsOf = (model: Model) =>
  Object.entries(model.getWeights()).map(([name, weight]) => [name, weight.slice()] as const);

async function trained(sized: Sized, engine: TestEngine) {
  const model = modelOf(sized, engine);
  const numbers = (shape: readonly number[], value: (i: number) => number) => ({
    data: Float32Array.from({ length: product(shape) }, (_, i) => value(i)),
    shape,
  });
  const x = numbers([sized.rows, ...sized.shape], Math.sin);
  const y = numbers([sized.rows, ...model.outputs[0]!.shape], Math.cos);
  await model.fit(x, y, { epochs: 2, batchSize: sized.rows, verbose: 0 });
  return weightsOf(model);
}

const engines = (await availableEngines()).filter((engine) => engine !== "reference");

describe("a model learns as on the reference engine", () => {
  it.each([...perceptrons, ...sequences, ...pictures].map((sized) => [sized.name, sized] as const))(
    "%s",
    async (_, sized) => {
      const start = weightsOf(modelOf(sized, "reference"));
      const wanted = await trained(sized, "reference");
      for (const engine of engines) {
        const found = await trained(sized, engine);
        found.forEach(([name, weight], i) => {
          let [worst, moved] = [0, 0];
          weight.forEach((value, k) => {
            const right = wanted[i]![1][k]!;
            const off = Math.abs(value - right);
            worst = off <= worst ? worst : off;
            moved = Math.max(moved, Math.abs(right - start[i]![1][k]!));
          });
          expect(moved, name).toBeGreaterThan(1e-4);
          expect(worst, `${name} on ${engine}`).toBeLessThan(1e-3 * moved);
        });
      }
    },
  );
});
