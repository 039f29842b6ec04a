import { describe, expect, test } from "vitest";
import { createLayer, graphOf, type Layer, layers, Network } from "../../src/nn/index.ts";
import { randomKey, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";

/** What a layer makes of data, after a way through a file. */
async function applied(layer: Layer, x: Tensor): Promise<unknown> {
  const input = layers.input({ shape: x.shape.slice(1) });
  const network = new Network({ inputs: [input], outputs: [layer(input)] });
  const again = new Network(graphOf(JSON.parse(JSON.stringify(network.toConfig()))));
  const { outputs } = again.forward([x], zeros([1]), undefined, { training: false, key: randomKey(0) });
  return outputs[0]?.array();
}

describe("normalization", () => {
  const data = [
    [1, 10, 5],
    [3, 30, 5],
    [5, 80, 5],
  ];

  test("learns mean and variance of each feature, and keeps them in files", async () => {
    const layer = await layers.normalization().adapt(data);
    expect(layer.definition.options).toEqual({
      mean: [expect.closeTo(3, 12), expect.closeTo(40, 12), 5],
      variance: [expect.closeTo(8 / 3, 12), expect.closeTo(2600 / 3, 10), 0],
    });
    const y = (await applied(layer, tensor(data))) as number[][];
    expect(y.map(([first]) => first)).toEqual(
      [-1.5, 0, 1.5].map((d) => expect.closeTo(((d * 2) / Math.sqrt(24)) * 2, 5)),
    );
    expect(y.map((row) => row[2])).toEqual([0, 0, 0]);
    const back = await layers.normalization({ invert: true }).adapt(data);
    const restored = (await applied(back, tensor(y))) as number[][];
    restored.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(data[i]?.[j] ?? 0, 4);
      });
    });
  });

  test("learns the same from windows that overlap, each counted", async () => {
    const windows = { data: Float32Array.of(1, 2, 3, 5), shape: [3, 2, 1], rowStride: 1 }; // 1 2, 2 3, 3 5
    const layer = await layers.normalization().adapt(windows);
    const [mean, variance] = [16 / 6, (1 + 4 + 4 + 9 + 9 + 25) / 6 - (16 / 6) ** 2];
    expect(layer.definition.options).toEqual({
      mean: [expect.closeTo(mean, 12)],
      variance: [expect.closeTo(variance, 12)],
    });
  });

  test("learns the same from a stream of batches, whatever their sizes", async () => {
    async function* stream() {
      yield [data[0] as number[]];
      yield { data: Float32Array.from((data.slice(1) as number[][]).flat()), shape: [2, 3] };
    }
    const [whole, parts] = await Promise.all([
      layers.normalization().adapt(data),
      layers.normalization().adapt(stream()),
    ]);
    const [a, b] = [whole, parts].map(({ definition }) => definition.options as Record<string, number[]>);
    for (const name of ["mean", "variance"]) {
      a?.[name]?.forEach((value, i) => {
        expect(b?.[name]?.[i]).toBeCloseTo(value, 10);
      });
    }
  });

  test("other axes", async () => {
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 12],
      ],
    ]); // [batch 2, 2, 2]
    const first = await layers.normalization({ axis: 1 }).adapt(x);
    expect(first.definition.options["mean"]).toEqual([3.5, 6.5]);
    const both = await layers.normalization({ axis: [1, 2] }).adapt(x);
    expect(both.definition.options["mean"]).toEqual([3, 4, 5, 8]);
    const all = await layers.normalization({ axis: null }).adapt(x);
    expect(all.definition.options["mean"]).toEqual([5]);
    expect(((await applied(both, x)) as number[][][])[0]).toEqual([
      [-1, -1],
      [-1, -1],
    ]);
  });
});

test("discretization learns the quantiles", async () => {
  const layer = await layers.discretization({ numBins: 4 }).adapt([[0], [1], [2], [3], [10]]);
  expect(layer.definition.options["binBoundaries"]).toEqual([1, 2, 3]);
  expect(await applied(layer, tensor([[-5], [1], [2.5], [99]]))).toEqual([[0], [1], [2], [3]]);
  const few = await layers.discretization({ numBins: 4 }).adapt([[1], [1], [1], [2]]);
  expect(few.definition.options["binBoundaries"]).toEqual([1, 1.25]);
});

test("integerLookup learns the most frequent numbers", async () => {
  const layer = await layers.integerLookup({ maxTokens: 3 }).adapt([[7], [9], [7], [8], [9], [7]]);
  expect(layer.definition.options["vocabulary"]).toEqual([7, 9]);
  expect(await applied(layer, tensor([[7], [8], [9]]))).toEqual([[1], [0], [2]]);
});

test("wrong options and layers that have learned nothing are refused", async () => {
  const input = layers.input({ shape: [2] });
  expect(() => layers.normalization()(input)).toThrow(
    /has learned nothing.*await layers.normalization\(...\).adapt\(x\)/,
  );
  expect(() => layers.discretization({ numBins: 3 })(input)).toThrow(/has learned nothing/);
  expect(() => layers.integerLookup()(input)).toThrow(/has learned nothing/);
  expect(() => layers.normalization({ mean: [1, 2, 3], variance: [1, 1, 1] })(input)).toThrow(
    /\[2\] for 3 means.*2 of them/,
  );
  await expect(layers.normalization().adapt([[1], [Number.NaN]])).rejects.toThrow(/adapted to NaN.*missing/);
  await expect(layers.integerLookup().adapt([[1.5]])).rejects.toThrow(/adapted to 1.5.*whole/);
  const wrong: [string, Record<string, unknown>, RegExp][] = [
    ["normalization", { mean: 1 }, /mean or variance alone/],
    ["normalization", { axis: 0 }, /axis = 0.*the batch/],
    ["normalization", { mean: 1, variance: -1 }, /negative variance/],
    ["discretization", { binBoundaries: [1, 1] }, /each above the one before/],
    ["categoryEncoding", { numTokens: 2, outputMode: "hot" }, /outputMode = "hot".*"multiHot"/],
    ["integerLookup", { vocabulary: [1, 1] }, /each once/],
    ["resizing", { height: 2, width: 2, interpolation: "cubic" }, /"bicubic"/],
    ["resizing", { height: 2, width: 2, cropToAspectRatio: true, padToAspectRatio: true }, /one of them/],
  ];
  for (const [kind, options, message] of wrong) expect(() => createLayer(kind, options)).toThrow(message);
});
