import { describe, expect, test } from "vitest";
import { createLayer, graphOf, layerNames, layers, Network, textWords } from "../../src/nn/index.ts";
import { full, gradCheck, type RandomKey, randomKey, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";
import { HostRandom, product, type Shape } from "../../src/util/index.ts";
import { LAYER_SAMPLES, type LayerSample, TEXT_LAYERS } from "./layer-samples.ts";

const title = ({ kind, options, inputs }: LayerSample) =>
  `${kind} ${JSON.stringify(options)} of ${JSON.stringify(inputs)}`;

function random(shape: Shape, seed = 1): Tensor {
  const generator = new HostRandom(seed);
  return tensor(
    Float32Array.from({ length: product(shape) }, () => generator.normal()),
    { shape },
  );
}

/** Data of a sample's inputs; texts are two words of 32 bits each. */
function dataOf({ kind, inputs }: LayerSample): Tensor[] {
  if (!TEXT_LAYERS.includes(kind)) return inputs.map((shape) => random([3, ...shape]));
  return inputs.map((shape) =>
    tensor(textWords(["red", "blue", "?"].flatMap((text) => Array(product(shape)).fill(text))), {
      shape: [3, ...shape, 2],
    }),
  );
}

function networkOf({ kind, options, inputs }: LayerSample): Network {
  const dtype = TEXT_LAYERS.includes(kind) ? "string" : "float32";
  const symbols = inputs.map((shape) => layers.input({ shape, dtype }));
  return new Network({ inputs: symbols, outputs: [createLayer(kind, options)(symbols)] });
}

test("every layer has a sample", () => {
  const sampled = new Set(LAYER_SAMPLES.map(({ kind }) => kind));
  expect(layerNames.filter((name) => !sampled.has(name))).toEqual(["input", "lambda"]); // tested below
});

describe("every layer", () => {
  test.each(LAYER_SAMPLES.map((sample) => [title(sample), sample] as const))(
    "%s infers its shape",
    async (_, sample) => {
      const network = networkOf(sample);
      expect(network.outputs[0]?.shape).toEqual(sample.output);
      expect(network.weights.reduce((sum, { size }) => sum + size, 0)).toBe(sample.parameters);
      for (const training of [false, true]) {
        const [x, parameters, moving] = [dataOf(sample), ...vectors(network)];
        const options = { training, key: randomKey(1), frozen: frozenOf(network) };
        const { outputs } = network.forward(x, parameters, moving, options);
        expect(outputs[0]?.shape).toEqual([3, ...sample.output]);
        expect((await outputs[0]?.data())?.every(Number.isFinite)).toBe(true);
      }
    },
  );

  test.each(LAYER_SAMPLES.map((sample) => [title(sample), sample] as const))("%s survives a file", (_, sample) => {
    const network = networkOf(sample);
    const text = JSON.stringify(network.toConfig());
    const copy = new Network(graphOf(JSON.parse(text)));
    expect(JSON.stringify(copy.toConfig())).toBe(text);
    expect(copy.getWeights()).toEqual(network.getWeights());
    expect(network.toConfig().layers.at(-1)?.options).toEqual(sample.options);
  });

  const differentiable = LAYER_SAMPLES.filter(
    ({ kind, inputs }) => !TEXT_LAYERS.includes(kind) && inputs.every((shape) => product(shape) < 50),
  );
  test.each(differentiable.map((sample) => [title(sample), sample] as const))(
    "%s has right gradients",
    async (_, sample) => {
      const network = networkOf(sample);
      const [parameters, moving] = vectors(network);
      for (const training of [false, true]) {
        const f = (parameters: Tensor, ...x: Tensor[]) => {
          const options = { training, key: fixedKey, frozen: frozenOf(network) };
          return network.forward(x, parameters, moving, options).outputs[0] ?? zeros([1]);
        };
        const x = sample.inputs.map((shape) => random([2, ...shape], 5));
        const { worst, detail } = await gradCheck(f, [parameters, ...x], { tolerance: 1e-4 });
        expect(worst, detail).toBeLessThan(1e-4);
      }
    },
  );
});

const fixedKey: RandomKey = randomKey(3);

function vectors(network: Network): [Tensor, Tensor | undefined] {
  const moving = network.moving.length > 0 ? tensor(network.moving) : undefined;
  return [network.parameters.length > 0 ? tensor(network.parameters) : zeros([1]), moving];
}

function frozenOf(network: Network): Tensor | undefined {
  return network.frozen.length > 0 ? tensor(network.frozen) : undefined;
}

async function applied(layer: ReturnType<typeof createLayer>, x: Tensor, training = false, key = fixedKey) {
  const input = layers.input({ shape: x.shape.slice(1) });
  const network = new Network({ inputs: [input], outputs: [layer(input)] });
  return network.forward([x], ...vectors(network), { training, key });
}

describe("dropout", () => {
  test("keeps 1 - rate of the elements, divided by it, in training only", async () => {
    const x = tensor(new Float32Array(20000).fill(3), { shape: [2, 10000] });
    const { outputs } = await applied(layers.dropout(0.25), x, true);
    const values = (await outputs[0]?.data()) ?? [];
    expect([...new Set(values)].sort()).toEqual([0, 4]);
    expect(values.filter((value) => value === 0).length / 20000).toBeCloseTo(0.25, 2);
    const still = await applied(layers.dropout(0.25), x);
    expect(await still.outputs[0]?.data()).toEqual(await x.data());
  });

  test("draws by step, and by its own name: another layer before it changes nothing", async () => {
    const x = random([1, 64]);
    const masks = async (parts: Parameters<typeof chained>[0], key: RandomKey) => {
      const { outputs } = chained(parts, x, key);
      return [...((await outputs[0]?.data()) ?? [])].map((value) => value === 0);
    };
    const dropout = () => layers.dropout(0.5, { name: "drop" });
    const alone = await masks([dropout()], randomKey(1));
    expect(await masks([layers.dropout(0), dropout()], randomKey(1))).toEqual(alone);
    expect(await masks([dropout()], randomKey(2))).not.toEqual(alone);
    expect(await masks([layers.dropout(0.5, { name: "other" })], randomKey(1))).not.toEqual(alone);
  });

  test("says that it needs a key", () => {
    expect(() => chained([layers.dropout(0.5)], random([1, 4]), undefined)).toThrow("dropout_1 needs random numbers");
  });
});

describe("random layers, in training", () => {
  const many = 20000;
  const x = tensor(new Float32Array(many).fill(2), { shape: [many / 50, 5, 10] });
  const trained = async (layer: ReturnType<typeof createLayer>, x: Tensor) => [
    ...((await (await applied(layer, x, true)).outputs[0]?.data()) ?? []),
  ];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: readonly number[]) =>
    Math.sqrt(mean(values.map((value) => value ** 2)) - mean(values) ** 2);
  const zeros = (values: readonly number[]) => values.filter((value) => value === 0).length / values.length;

  test("spatialDropout drops whole channels of a sample, dropPath whole samples", async () => {
    const channels = await trained(layers.spatialDropout1d(0.25), x);
    expect([...new Set(channels)].sort()).toEqual([0, Math.fround(2 / 0.75)]);
    expect(channels.every((value, i) => value === channels[i - (i % 50) + (i % 10)])).toBe(true);
    expect(zeros(channels)).toBeCloseTo(0.25, 1);
    const samples = await trained(layers.dropPath(0.5), x);
    expect([...new Set(samples)].sort()).toEqual([0, 4]);
    expect(samples.every((value, i) => value === samples[i - (i % 50)])).toBe(true);
    expect(zeros(samples)).toBeCloseTo(0.5, 1);
  });

  test("alphaDropout keeps mean 0 and variance 1", async () => {
    const values = await trained(layers.alphaDropout(0.3), random([many / 10, 10]));
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(deviation(values)).toBeCloseTo(1, 1);
    const [first = 0] = values.filter((value, i) => values.indexOf(value) !== i);
    expect(first).toBeLessThan(-1); // selu's limit, moved
    expect(values.filter((value) => value === first).length / many).toBeCloseTo(0.3, 1);
  });

  test("gaussianNoise and gaussianDropout have their mean and deviation", async () => {
    const noisy = await trained(layers.gaussianNoise(0.5), x);
    expect([mean(noisy), deviation(noisy)]).toEqual([expect.closeTo(2, 1), expect.closeTo(0.5, 1)]);
    const scaled = await trained(layers.gaussianDropout(0.2), x);
    expect([mean(scaled), deviation(scaled)]).toEqual([expect.closeTo(2, 1), expect.closeTo(2 * Math.sqrt(0.25), 1)]);
  });

  test("sampling draws from normal distributions, and adds their divergence from the standard one to the loss", async () => {
    const [mean2, logVariance] = [layers.input({ shape: [10] }), layers.input({ shape: [10] })];
    const z = layers.sampling({ klWeight: 0.5, name: "kl" })([mean2, logVariance]);
    const network = new Network({ inputs: [mean2, logVariance], outputs: [z] });
    const given = [full([many / 10, 10], 2), full([many / 10, 10], 2 * Math.log(0.25))];
    const { outputs, losses } = network.forward(given, ...vectors(network), { training: true, key: randomKey(1) });
    const drawn = [...((await outputs[0]?.data()) ?? [])];
    expect([mean(drawn), deviation(drawn)]).toEqual([expect.closeTo(2, 1), expect.closeTo(0.25, 2)]);
    const divergence = 0.5 * (4 + 0.0625 - 1 - Math.log(0.0625)); // of each of 10 numbers
    expect(await losses["kl"]?.item()).toBeCloseTo(0.5 * 10 * divergence, 4);
  });

  test("rrelu draws slopes from lower to upper below zero", async () => {
    const values = await trained(layers.rrelu({ lower: 0.25, upper: 0.5 }), x.mul(-0.5));
    expect([Math.min(...values), Math.max(...values)]).toEqual([expect.closeTo(-0.5, 2), expect.closeTo(-0.25, 2)]);
    expect(mean(values)).toBeCloseTo(-0.375, 2);
    expect(new Set(await trained(layers.rrelu(), x))).toEqual(new Set([2]));
  });
});

function chained(parts: ReturnType<typeof layers.dropout>[], x: Tensor, key: RandomKey | undefined) {
  const input = layers.input({ shape: x.shape.slice(1) });
  const output = parts.reduce((symbol, layer) => layer(symbol), input);
  const network = new Network({ inputs: [input], outputs: [output] });
  return network.forward([x], ...vectors(network), key ? { training: true, key } : { training: true });
}

describe("batchNormalization", () => {
  const x = tensor([
    [1, 10],
    [3, 30],
    [5, 80],
  ]);

  test("normalizes by the batch in training and moves its statistics towards the batch's", async () => {
    const { outputs, state } = await applied(layers.batchNormalization({ momentum: 0.75, epsilon: 0 }), x, true);
    const y = ((await outputs[0]?.array()) ?? []) as number[][];
    const deviation = Math.sqrt(8 / 3); // of 1, 3, 5, biased
    expect(y.map(([first]) => first)).toEqual([
      expect.closeTo(-2 / deviation, 5),
      expect.closeTo(0, 5),
      expect.closeTo(2 / deviation, 5),
    ]);
    const [mean0, mean1, variance0] = (await state?.data()) ?? [];
    expect(mean0).toBeCloseTo(0.25 * 3, 5);
    expect(mean1).toBeCloseTo(0.25 * 40, 5);
    expect(variance0).toBeCloseTo(0.75 + (0.25 * 8) / 3, 5);
  });

  test("uses its moving statistics in inference and leaves them alone", async () => {
    const layer = layers.batchNormalization({
      epsilon: 0,
      movingMeanInitializer: { kind: "constant", value: 1 },
      movingVarianceInitializer: { kind: "constant", value: 4 },
    });
    const { outputs, state } = await applied(layer, x);
    expect(await outputs[0]?.array()).toEqual([
      [0, 4.5],
      [1, 14.5],
      [2, 39.5],
    ]);
    expect(await state?.array()).toEqual([1, 1, 4, 4]);
  });

  test("applied twice, moves its statistics twice", async () => {
    const input = layers.input({ shape: [1] });
    const shared = layers.batchNormalization({ momentum: 0.5 });
    const network = new Network({ inputs: [input], outputs: [layers.add()([shared(input), shared(input)])] });
    const { state } = network.forward([tensor([[4], [4]])], ...vectors(network), { training: true });
    expect((await state?.data())?.[0]).toBeCloseTo(3, 6); // 0 -> 2 -> 3
  });
});

describe("spectralNormalization", () => {
  const kernelInitializer = { kind: "constant", value: 2 } as const; // [[2, 2], [2, 2]], whose singular values are 4 and 0

  test("divides the kernel by its largest singular value", async () => {
    const layer = layers.spectralNormalization(layers.dense(2, { kernelInitializer }));
    const { outputs } = await applied(layer, tensor([[1, 3]]), true);
    expect(await outputs[0]?.array()).toEqual([[expect.closeTo(2, 5), expect.closeTo(2, 5)]]);
  });

  test("is frozen as the layer inside", () => {
    const inner = layers.dense(2, { trainable: false });
    expect([
      layers.spectralNormalization(inner).trainable,
      layers.spectralNormalization(layers.dense(2)).trainable,
    ]).toEqual([false, true]);
  });
});

describe("lambda", () => {
  test("is a function of tensors whose shape is found by tracing", async () => {
    const { outputs } = await applied(
      layers.lambda((x) => x.sum({ axis: 1, keepdims: true }).mul(2)),
      tensor([[1, 2, 3]]),
    );
    expect(await outputs[0]?.array()).toEqual([[12]]);
  });

  test("takes several inputs", async () => {
    const [a, b] = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
    const output = layers.lambda((a, b) => a.mul(b))([a, b]);
    const network = new Network({ inputs: [a, b], outputs: [output] });
    const { outputs } = network.forward([tensor([[1, 2]]), tensor([[3, 4]])], ...vectors(network), { training: false });
    expect(await outputs[0]?.array()).toEqual([[3, 8]]);
  });

  test("must keep the batch", () => {
    const input = layers.input({ shape: [3] });
    expect(() => layers.lambda((x) => x.sum())(input)).toThrow(
      "lambda_1 (after input_1) turned a batch of 2 samples of shape [3] into []. " +
        "Expected an output whose first axis is the batch.",
    );
  });
});

describe("input", () => {
  test("converts data of another type", async () => {
    const { outputs } = await applied(layers.activation("linear"), tensor(new Uint8Array([7, 255]), { shape: [2, 1] }));
    expect(outputs[0]?.dtype).toBe("float32");
    expect(await outputs[0]?.array()).toEqual([[7], [255]]);
  });
});
