import { describe, expect, test } from "vitest";
import { layers, losses, model, type SymbolicTensor, sequential } from "../../src/index.ts";
import { alibiSlopes } from "../../src/nn/attention/positions.ts";
import {
  type AttentionOptions,
  arange,
  createProgram,
  gradCheck,
  gradients,
  type OfPairs,
  ones,
  randomKey,
  resolveEngine,
  scaledDotProductAttention,
  type Tensor,
  tensor,
} from "../../src/tensor/index.ts";

describe("padding that an embedding marks is never seen", () => {
  const attentions: [string, (x: SymbolicTensor) => SymbolicTensor][] = [
    ["many heads", (x) => layers.multiHeadAttention(2, 4)(x)],
    ["grouped queries", (x) => layers.groupedQueryAttention(4, 2, 1, { causal: true })(x)],
    ["dot products", (x) => layers.attention()([x, x])],
    ["sums", (x) => layers.additiveAttention()([x, x])],
  ];
  test.each(attentions)("by %s", async (_, attend) => {
    const built = (length: number) => {
      const input = layers.input({ shape: [length], dtype: "int32" });
      return model({ inputs: input, outputs: attend(attend(layers.embedding(9, 6, { maskZero: true })(input))) });
    };
    const [short, long] = [built(3), built(5)];
    long.setWeights(short.getWeights());
    const alone = await (await short.predict([[3, 1, 4]])).data();
    const padded = await (await long.predict([[3, 1, 4, 0, 0]])).data();
    padded.slice(0, alone.length).forEach((value, i) => {
      expect(value).toBeCloseTo(alone[i] as number, 5);
    });
  });
});

describe("scaledDotProductAttention", () => {
  const x = randomKey(1).normal([2, 4, 6]);

  test("broadcasts leading axes", async () => {
    const q = randomKey(2).normal([3, 2, 4, 6]);
    const all = scaledDotProductAttention(q, x, x);
    expect(all.shape).toEqual([3, 2, 4, 6]);
    const one = scaledDotProductAttention(q.slice(1, 1), x.slice(1), x.slice(1));
    expect(await all.slice(1, 1).data()).toEqual(await one.data());
  });

  test("an offset is the place of the first query", async () => {
    const whole = await scaledDotProductAttention(x, x, x, { causal: true }).slice(null, [2, 4]).data();
    const last = scaledDotProductAttention(x.slice(null, [2, 4]), x, x, { causal: true, offset: 2 });
    (await last.data()).forEach((value, i) => {
      expect(value).toBeCloseTo(whole[i] as number, 6);
    });
  });

  test("drops weights, not places, and keeps their mean", async () => {
    const ones = tensor(new Float32Array(4000).fill(1), { shape: [1, 4000, 1] });
    const seen = scaledDotProductAttention(ones.slice(null, [0, 8]), ones, ones, {
      dropout: { rate: 0.25, key: randomKey(3) },
    });
    for (const value of await seen.data()) expect(value).toBeCloseTo(1, 1);
  });

  test("refuses shapes that do not fit", () => {
    expect(() => scaledDotProductAttention(x, x.slice(null, null, [0, 5]), x)).toThrow(
      "got query, key and value of shapes [2, 4, 6], [2, 4, 5], [2, 4, 6]. Expected [..., queries, d], [..., keys, d] and [..., keys, e]",
    );
  });
});

test("experts tell the loss that keeps them busy, and generation needs no cache of theirs", async () => {
  const chain = sequential([
    layers.embedding(7, 4, { inputShape: [6] }),
    layers.mixtureOfExperts(4, 3, { balanceLoss: 1, capacityFactor: 1, jitter: 0.1, name: "experts" }),
    layers.dense(7),
  ]);
  chain.compile({
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: "adam",
    engine: "wasm",
  });
  const tokens = arange(24).mod(7).reshape([4, 6]);
  const { history } = await chain.fit(tokens, tokens, { epochs: 2, verbose: 0 });
  const [first = 0] = history["experts_loss"] as number[];
  expect(first).toBeGreaterThanOrEqual(2 * 0.99); // sum_e f_e P_e is 2 / 4 at least, if f falls with P as it does
  const written = async (cache: boolean) => {
    const list: number[] = [];
    for await (const token of chain.generate([1, 2], { length: 4, temperature: 0, cache })) list.push(token);
    return list;
  };
  expect(await written(true)).toEqual(await written(false));
});

test("slopes of ALiBi: the paper's for 8 and 6 heads", () => {
  expect(alibiSlopes(8)).toEqual([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]);
  expect(alibiSlopes(6).map((slope) => Math.log2(slope))).toEqual([-2, -4, -6, -8, -1, -3]);
});

describe("attention in tiles", () => {
  const [batch, heads, queries, keys, d, e] = [2, 2, 7, 9, 4, 3];
  const pair = (seed: number, shape: readonly number[]) => randomKey(seed).normal(shape);
  const [q, k, v] = [pair(1, [batch, heads, queries, d]), pair(2, [heads, keys, d]), pair(3, [batch, 1, keys, e])];
  const masks: Record<string, OfPairs> = {
    keys: tensor([1, 1, 0, 1, 1, 1, 1, 0, 1]).cast("bool"),
    "padding, of one sample everywhere": tensor([[1, 1, 1, 1, 1, 0, 0, 0, 0], Array(9).fill(0)])
      .cast("bool")
      .reshape([batch, 1, 1, keys]),
    pairs: pair(4, [queries, keys]).greater(-0.5),
    "pairs of each head": pair(5, [batch, heads, queries, keys]).greater(0),
    "queries alone": pair(6, [queries, 1]).greater(0),
    window: (places) => arange(keys).sub(places.expandDims(1)).abs().lessEqual(2),
  };
  const biases: Record<string, OfPairs> = {
    number: 0.5,
    pairs: pair(7, [heads, queries, keys]),
    distance: (places) => arange(keys).sub(places.expandDims(1)).abs().cast("float32").neg(),
  };
  const cases: [string, AttentionOptions][] = [
    ["nothing", {}],
    ["causal", { causal: true }],
    ["causal with an offset", { causal: true, offset: 2 }],
    ["causal with an offset of before", { causal: true, offset: -3 }],
    ["causal with a computed offset", { causal: true, offset: arange(3).sum() }],
    ...Object.entries(masks).map(([name, mask]): [string, AttentionOptions] => [`masked by ${name}`, { mask }]),
    ...Object.entries(masks).map(([name, mask]): [string, AttentionOptions] => [
      `causal, masked by ${name}`,
      { mask, causal: true, offset: 1 },
    ]),
    ...Object.entries(biases).map(([name, bias]): [string, AttentionOptions] => [
      `biased by ${name}`,
      { bias, causal: true, scale: 0.7 },
    ]),
  ];

  test.each(cases)("is what it is at once: %s", async (_, options) => {
    const all = (tile: number) => {
      const output = scaledDotProductAttention(q, k, v, { ...options, tile });
      const weighted = output.mul(pair(8, output.shape)).sum();
      return Promise.all([output, ...gradients(weighted, [q, k, v])].map((each) => each.data()));
    };
    const whole = await all(Number.POSITIVE_INFINITY);
    for (const tile of [2, 3]) {
      (await all(tile)).forEach((values, i) => {
        values.forEach((value, j) => {
          expect(value).toBeCloseTo(whole[i]?.[j] as number, 5);
        });
      });
    }
  });

  test("gives a bias its gradient, and draws for every tile by itself", async () => {
    const bias = pair(9, [queries, keys]);
    const of = (tile: number) => gradients(scaledDotProductAttention(q, k, v, { bias, tile }).square().sum(), [bias]);
    const [whole, tiled] = await Promise.all([of(queries)[0]?.data(), of(2)[0]?.data()]);
    tiled?.forEach((value, i) => {
      expect(value).toBeCloseTo(whole?.[i] as number, 5);
    });
    const same = ones([1, 4, 2]);
    const dropout = { rate: 0.5, key: randomKey(3) };
    const seen = scaledDotProductAttention(same, ones([1, 50, 2]), pair(10, [1, 50, 1]), { dropout, tile: 2 });
    expect(new Set(await seen.data()).size).toBe(4);
    const { passed, detail } = await gradCheck(
      (x) => scaledDotProductAttention(x as Tensor, k, v, { dropout, tile: 3 }),
      [q],
    );
    expect(passed, detail).toBe(true);
  });

  test("refuses a tile of nothing", () => {
    expect(() => scaledDotProductAttention(q, q, q, { tile: 0 })).toThrow("got tile = 0");
  });
});

describe("long sequences", () => {
  /** Bytes of intermediates of attention and its gradients. */
  async function intermediates(length: number, options: AttentionOptions): Promise<number> {
    const spec = { shape: [2, length, 8], dtype: "float32" } as const;
    const { facts } = await createProgram({
      name: `attention over ${length}`,
      engine: (await resolveEngine("wasm")).engine,
      inputs: { q: spec, k: spec, v: spec },
      body({ inputs }) {
        const { q, k, v } = inputs as { q: Tensor; k: Tensor; v: Tensor };
        const [dq, dk, dv] = gradients(scaledDotProductAttention(q, k, v, options).square().sum(), [q, k, v]);
        return { outputs: { dq: dq as Tensor, dk: dk as Tensor, dv: dv as Tensor } };
      },
    });
    return Number(facts["arenaBytes"]);
  }

  test.each<[string, AttentionOptions, readonly number[]]>([
    ["causal", { causal: true }, [512, 1024, 2048, 4096]],
    ["of all to all", {}, [1024, 2048, 4096]],
    [
      "with distances",
      {
        causal: true,
        bias: (places) => arange(4096).sub(places.expandDims(1)).cast("float32").neg().slice(null, [0, 1]),
      },
      [1024, 4096],
    ],
  ])("take memory as they are long, not as its square: %s", async (_, options, lengths) => {
    const bytes = await Promise.all(lengths.map((length) => intermediates(length, options)));
    bytes.forEach((size, i) => {
      const grown = (lengths[i] as number) / (lengths[0] as number);
      expect(size / (bytes[0] as number)).toBeLessThan(1.05 * grown);
    });
  });

  test("of 4,096 places are trained", async () => {
    const input = layers.input({ shape: [4096], dtype: "int32" });
    const x = layers.embedding(7, 8)(input);
    const seen = layers.multiHeadAttention(2, 4, { causal: true, positions: "rotary" })(x);
    const network = model({ inputs: input, outputs: layers.dense(7)(layers.add()([x, seen])) });
    network.compile({
      optimizer: { kind: "adam", learningRate: 0.1 },
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
      engine: "wasm",
    });
    const tokens = arange(4097).mod(7);
    const [now, next] = [tokens.slice([0, 4096]), tokens.slice([1, 4097])];
    const { history } = await network.fit(now.reshape([1, 4096]), next.reshape([1, 4096]), { epochs: 6, verbose: 0 });
    const { loss = [] } = history as { loss?: number[] };
    expect(loss.at(-1)).toBeLessThan(0.7 * (loss[0] as number));
  });
});
