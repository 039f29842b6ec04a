import { describe, expect, test } from "vitest";
import { layers, model, randomKey, type SymbolicTensor, scaledDotProductAttention, tensor } from "../../src/index.ts";
import { alibiSlopes } from "../../src/nn/attention/positions.ts";

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

test("slopes of ALiBi: the paper's for 8 and 6 heads", () => {
  expect(alibiSlopes(8)).toEqual([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]);
  expect(alibiSlopes(6).map((slope) => Math.log2(slope))).toEqual([-2, -4, -6, -8, -1, -3]);
});
