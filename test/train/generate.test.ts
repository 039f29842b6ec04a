import { beforeAll, describe, expect, test } from "vitest";
import { type GenerateOptions, layers, type Model, model, randomKey, sequential, statesOf } from "../../src/index.ts";
import { tokenWindows } from "../../src/text/index.ts";
import { drawToken, penalized } from "../../src/train/generate/sample.ts";
import { HostRandom } from "../../src/util/index.ts";

const length = 12;

/** A small language model with every kind of position. */
function speaker(): Model {
  const input = layers.input({ shape: [length], dtype: "int32" });
  let x = layers.sinePositionEncoding()(layers.positionEmbedding(length)(layers.embedding(7, 8)(input)));
  for (const positions of ["rotary", "alibi"] as const) {
    const seen = layers.groupedQueryAttention(4, 2, 1, { causal: true, positions })(layers.rmsNormalization()(x));
    x = layers.add()([x, layers.dropout(0.1)(seen)]);
  }
  const output = layers.dense(7, { activation: "softmax" })(layers.layerNormalization()(x));
  return model({ inputs: input, outputs: output }).compile({
    optimizer: { kind: "adam", learningRate: 0.02 },
    loss: "sparseCategoricalCrossentropy",
    engine: "wasm",
  });
}

async function listOf(tokens: AsyncIterable<number>): Promise<number[]> {
  const list: number[] = [];
  for await (const token of tokens) list.push(token);
  return list;
}

describe("generate", () => {
  let trained: Model;
  beforeAll(async () => {
    trained = speaker();
    const stream = Int32Array.from({ length: 300 }, (_, i) => (i % 11 < 7 ? i % 11 : 11 - (i % 11)));
    const { x, y } = tokenWindows(stream, length, { stride: 5 });
    await trained.fit(x, y, { epochs: 60, batchSize: 16, verbose: 0 });
    expect((await trained.evaluate(x, y)).loss).toBeLessThan(0.5);
  });
  const written = (options: GenerateOptions, prompt = [0, 1, 2]) => listOf(trained.generate(prompt, options));

  test("continues the pattern; the likeliest tokens", async () => {
    expect(await written({ length: 9, temperature: 0 })).toEqual([3, 4, 5, 6, 4, 3, 2, 1, 0]);
  });

  test("gives the same tokens with the cache as without, also beyond the context", async () => {
    for (const options of [
      { temperature: 0, length: 20 },
      { temperature: 1.5, length: 20, seed: 3 },
      { temperature: 2, topK: 4, topP: 0.9, repetitionPenalty: 1.2, length: 20, seed: 4 },
    ]) {
      expect(await written({ ...options, cache: false })).toEqual(await written(options));
    }
  });

  test("draws by seed, stops where told, and takes long prompts", async () => {
    const draw = (seed: number) => written({ length: 16, temperature: 3, seed });
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
    expect(await written({ length: 9, temperature: 0, stop: [6] })).toEqual([3, 4, 5, 6]);
    const prompt = Array.from({ length: 40 }, (_, i) => (i % 11 < 7 ? i % 11 : 11 - (i % 11)));
    expect(await written({ length: 3, temperature: 0 }, prompt)).toEqual([4, 3, 2]); // 40 % 11 = 7
  });

  test("refuses prompts, options and models that do not fit", async () => {
    await expect(written({}, [])).rejects.toThrow("generate got an empty prompt");
    await expect(written({}, [1, 7])).rejects.toThrow("token 1 of the prompt is 7. Expected whole numbers from 0 to 6");
    await expect(written({ topK: 0 })).rejects.toThrow("generate got topK = 0");
    await expect(written({ topP: 2 })).rejects.toThrow("generate got topP = 2");
    const other = sequential([layers.dense(2, { inputShape: [3] })]);
    await expect(listOf(other.generate([1]))).rejects.toThrow("generate on a model from [3] to [2]");
    const wide = sequential([
      layers.embedding(7, 4, { inputShape: [length] }),
      layers.conv1d(7, 3, { padding: "same" }),
    ]);
    await expect(listOf(wide.generate([1]))).rejects.toThrow(
      "conv1d_1 (conv1d) can't go through a sequence place by place",
    );
    expect(await listOf(wide.generate([1, 2], { length: 2, cache: false }))).toHaveLength(2);
  });

  test("beam search finds what is likeliest together, with the cache as without", async () => {
    const options = { length: 5, beams: 3 };
    const beams = await trained.beamSearch([0, 1], options);
    expect(beams[0]?.tokens).toEqual([2, 3, 4, 5, 6]);
    expect(beams.map(({ logProbability }) => logProbability)).toEqual(
      beams.map(({ logProbability }) => logProbability).sort((a, b) => b - a),
    );
    const whole = await trained.beamSearch([0, 1], { ...options, cache: false });
    expect(whole.map(({ tokens }) => tokens)).toEqual(beams.map(({ tokens }) => tokens));
    const [ended] = await trained.beamSearch([0, 1], { length: 8, beams: 1, stop: [4] });
    expect(ended?.tokens).toEqual([2, 3, 4]);
    await expect(trained.beamSearch([0], { length })).rejects.toThrow("at most 12 together");
  });
});

test("long prompts are read many places at once, with the same tokens and beams", async () => {
  const context = 80;
  const input = layers.input({ shape: [context], dtype: "int32" });
  const embedded = layers.embedding(7, 8, { embeddingsInitializer: { kind: "randomNormal", stddev: 1 } })(input);
  let x = layers.sinePositionEncoding()(layers.positionEmbedding(context)(embedded));
  for (const positions of ["rotary", "alibi"] as const) {
    x = layers.transformerDecoder(16, 2, { activation: "gelu", normalizeFirst: true, positions })(x);
  }
  const network = model({ inputs: input, outputs: layers.dense(7)(x) });
  for (const length of [32, 33, 34, 65, 70]) {
    const prompt = Array.from({ length }, (_, i) => (i * i + (i >> 2)) % 7);
    const written = (cache: boolean) => listOf(network.generate(prompt, { length: 6, temperature: 0, cache }));
    expect(await written(true)).toEqual(await written(false));
    const beams = async (cache: boolean) =>
      (await network.beamSearch(prompt, { length: 4, beams: 3, cache })).map(({ tokens }) => tokens);
    expect(await beams(true)).toEqual(await beams(false));
  }
});

test("blocks of a transformer keep keys and values of their own", async () => {
  const llama = { activation: "swiglu", normalization: "rms", normalizeFirst: true, positions: "rotary" } as const;
  const network = sequential([
    layers.embedding(7, 8, { inputShape: [length], embeddingsInitializer: { kind: "randomNormal", stddev: 1 } }),
    layers.transformerDecoder(16, 2, { ...llama, numKeyValueHeads: 1 }),
    layers.transformerDecoder(16, 2, { activation: "gelu", experts: { numExperts: 3, topK: 1, capacityFactor: 1 } }),
    layers.dense(7),
  ]);
  const written = (cache: boolean) => listOf(network.generate([1, 2, 3], { length: 9, temperature: 0, cache }));
  expect(await written(true)).toEqual(await written(false));
});

/** Tokens and beams of a model, with the cache and without. */
async function both(network: Model, prompt: readonly number[], inputs?: GenerateOptions["inputs"]) {
  const options = { length: 6, inputs };
  const made = async (cache: boolean) => ({
    tokens: await listOf(network.generate(prompt, { ...options, temperature: 0.5, seed: 5, cache })),
    beams: (await network.beamSearch(prompt, { ...options, beams: 3, cache })).map(({ tokens }) => tokens),
  });
  return { cached: await made(true), whole: await made(false) };
}

const wide = { kind: "randomNormal", stddev: 1 } as const;

test("recurrent layers and causal convolutions go on from what they kept, over padding too", async () => {
  const input = layers.input({ shape: [45], dtype: "int32" });
  let x = layers.embedding(7, 6, { maskZero: true, embeddingsInitializer: wide })(input);
  x = layers.simpleRnn(6, { returnSequences: true })(x);
  x = layers.lstm(5, { returnSequences: true })(x);
  x = layers.gru(4, { returnSequences: true, resetAfter: false })(x);
  x = layers.add()([x, layers.gru(4, { returnSequences: true })(x)]);
  x = layers.multiHeadAttention(2, 2, { causal: true, positions: "rotary" })(x);
  x = layers.attention({ causal: true })([x, x]);
  x = layers.conv1d(6, 3, { padding: "causal", dilationRate: 2, kernelInitializer: wide })(x);
  const network = model({ inputs: input, outputs: layers.dense(7, { kernelInitializer: wide })(x) });
  for (const length of [3, 36]) {
    const { cached, whole } = await both(
      network,
      Array.from({ length }, (_, i) => (i * i + (i >> 2) + 1) % 7),
    );
    expect(cached).toEqual(whole);
  }
});

describe("a model of several inputs", () => {
  const padded = [3, 1, 4, 1, 0, 0];

  test("attends to what an encoder makes, computed once", async () => {
    const [source, written] = ["source", "written"].map((name) =>
      layers.input({ shape: [name === "source" ? 6 : 8], dtype: "int32", name }),
    ) as [ReturnType<typeof layers.input>, ReturnType<typeof layers.input>];
    let encoded = layers.embedding(5, 8, { maskZero: true, embeddingsInitializer: wide })(source);
    encoded = layers.bidirectional(layers.gru(4, { returnSequences: true }))(encoded);
    let x = layers.positionEmbedding(8)(layers.embedding(9, 8, { embeddingsInitializer: wide })(written));
    x = layers.transformerDecoder(16, 2, { activation: "gelu" })([x, encoded]);
    x = layers.multiHeadAttention(2, 4)([x, encoded]);
    x = layers.add()([x, layers.additiveAttention()([x, encoded])]);
    const network = model({ inputs: { source, written }, outputs: layers.dense(7)(x) });
    const { cached, whole } = await both(network, [8], { source: padded }); // 8 begins: it is read, never written
    expect(cached).toEqual(whole);
    const other = await listOf(
      network.generate([8], { length: 6, temperature: 0.5, seed: 5, inputs: { source: [4, 4, 4, 4, 4, 4] } }),
    );
    expect(other).not.toEqual(cached.tokens);
  });

  test("begins with the states of an encoder, and sees the same places of what has them", async () => {
    const source = layers.input({ shape: [6, 3], name: "source" });
    const written = layers.input({ shape: [8], dtype: "int32", name: "written" });
    const along = layers.input({ shape: [8, 2], name: "along" });
    const [, ...states] = statesOf(layers.lstm(8, { returnState: true, kernelInitializer: wide })(source));
    let x = layers.embedding(7, 6, { embeddingsInitializer: wide })(written);
    x = layers.concatenate()([x, layers.dense(2, { kernelInitializer: wide })(along)]);
    x = layers.lstm(8, { returnSequences: true })([x, ...states]);
    const network = model({
      inputs: { source, along, written },
      outputs: layers.dense(7, { kernelInitializer: wide })(x),
    });
    const inputs = { source: randomKey(1).normal([6, 3]), along: randomKey(2).normal([8, 2]) };
    const { cached, whole } = await both(network, [1, 2], inputs);
    expect(cached).toEqual(whole);
    const refused = (given: GenerateOptions["inputs"]) => listOf(network.generate([1], { inputs: given }));
    await expect(refused(undefined)).rejects.toThrow(
      "generate got 0 of the 3 inputs source, along, written. Expected all but the one that grows. Fix: generate(prompt, { inputs: { source: ... } }).",
    );
    await expect(refused([[1, 2]] as never)).rejects.toThrow(
      "generate got inputs = [[1,2]]. Expected a record of the inputs by name: source, along, written.",
    );
    await expect(refused({ sauce: [1] })).rejects.toThrow('unknown input of generate: "sauce"');
    await expect(refused({ ...inputs, along: [[1, 2]] })).rejects.toThrow(
      "generate: along has the shape [1, 2]. Expected one sample of shape [8, 2], without the batch.",
    );
  });
});

describe("drawing", () => {
  const logits = [0, 3, 1, 2];
  const all = { temperature: 1, topK: undefined, topP: undefined, repetitionPenalty: 1 };
  const drawn = (sampling: Partial<typeof all> | { topK?: number; topP?: number }, seen: number[] = []) => {
    const random = new HostRandom(1);
    return [
      ...new Set(Array.from({ length: 400 }, () => drawToken(logits, seen, { ...all, ...sampling }, random))),
    ].sort();
  };

  test("takes from the likeliest by number and by probability", () => {
    expect(drawn({})).toEqual([0, 1, 2, 3]);
    expect(drawn({ topK: 2 })).toEqual([1, 3]);
    expect(drawn({ topP: 0.6 })).toEqual([1]); // its probability is 0.64
    expect(drawn({ topP: 0.7 })).toEqual([1, 3]);
    expect(drawn({ temperature: 0 })).toEqual([1]);
  });

  test("follows the softmax", () => {
    const random = new HostRandom(2);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[drawToken(logits, [], all, random)]! += 1 / 4000;
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    logits.forEach((logit, token) => {
      expect(counts[token]).toBeCloseTo(Math.exp(logit) / total, 1);
    });
  });

  test("penalizes what occurred, whatever its sign", () => {
    expect([...penalized([2, -2, 1], [0, 1, 1], 2)]).toEqual([1, -4, 1]);
  });
});
