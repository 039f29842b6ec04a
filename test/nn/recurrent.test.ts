import { describe, expect, it } from "vitest";
import { chain, type Layer, layers, Network, type SymbolicTensor } from "../../src/nn/index.ts";
import { randomKey, type Tensor, tensor } from "../../src/tensor/index.ts";

/** What a chain of layers gives for some rows. */
async function predicted(parts: readonly Layer[], x: Tensor, training = false): Promise<number[]> {
  const network = new Network(chain(parts), { seed: 3 });
  const [parameters, key] = [tensor(network.parameters), randomKey(1)];
  const { outputs } = network.forward([x], parameters, undefined, { training, key });
  return [...(await outputs[0]!.data())];
}

const tokens = (rows: number[][]) => tensor(rows, { dtype: "int32" });

describe("padding", () => {
  const recurrent = [
    () => layers.bidirectional(layers.lstm(2)),
    () => layers.simpleRnn(3),
    () => layers.lstm(3),
    () => layers.gru(3),
    () => layers.gru(3, { goBackwards: true }),
  ];

  it.each(recurrent)("changes nothing, wherever it stands: %#", async (layer) => {
    const model = (places: number) => [
      layers.embedding(9, 4, { maskZero: true, inputShape: [places] }),
      layers.dropout(0.5),
      layer(),
    ];
    const short = await predicted(model(3), tokens([[4, 2, 7]]));
    for (const padded of [
      [4, 2, 7, 0, 0],
      [0, 0, 4, 2, 7],
      [4, 0, 2, 0, 7],
    ]) {
      expect(await predicted(model(5), tokens([padded]))).toEqual(short);
    }
  });

  it("is passed on by layers that treat all places alike, and repeats the last output", async () => {
    const model = (places: number) => [
      layers.masking({ inputShape: [places, 2] }),
      layers.dense(3, { activation: "tanh" }),
      layers.lstm(2, { returnSequences: true }),
      layers.gru(2),
    ];
    const rows = [
      [1, -1],
      [0.5, 0],
      [0, 2],
    ];
    const short = await predicted(model(3), tensor([rows]));
    expect(await predicted(model(5), tensor([[...rows, [0, 0], [0, 0]]]))).toEqual(short);
    const outputs = await predicted(
      model(4).slice(0, 3),
      tensor([
        [
          [1, 1],
          [0, 0],
          [0, 0],
          [1, 0],
        ],
      ]),
    );
    expect([outputs.slice(2, 4), outputs.slice(4, 6)]).toEqual([outputs.slice(0, 2), outputs.slice(0, 2)]);
    expect(outputs.slice(6)).not.toEqual(outputs.slice(0, 2));
  });

  it("of branches that meet is what one of them marks; of sequences in a row each keeps its own", async () => {
    const rows = tokens([
      [3, 1, 0, 0],
      [2, 0, 4, 0],
    ]);
    const [input, other] = [layers.input({ shape: [4], dtype: "int32" }), layers.input({ shape: [4], dtype: "int32" })];
    const embed = (maskZero: boolean) => layers.embedding(5, 2, { maskZero });
    const masksOf = async (output: SymbolicTensor) => {
      const both = layers.concatenate()([embed(false)(input), embed(false)(other)]); // inputs have to be used
      const network = new Network({ inputs: [input, other], outputs: [output, both] });
      const { masks } = network.forward([rows, rows.flip(1)], tensor(network.parameters), undefined, {
        training: false,
      });
      return masks[0] && [...(await masks[0].data())];
    };
    const [a, b, plain] = [embed(true)(input), embed(true)(other), embed(false)(other)];
    const own = [1, 1, 0, 0, 1, 0, 1, 0];
    expect(await masksOf(layers.add()([a, b]))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(await masksOf(layers.multiply()([a, plain]))).toEqual(own);
    expect(await masksOf(layers.concatenate()([plain, a]))).toEqual(own);
    expect(await masksOf(layers.concatenate({ axis: 1 })([a, plain]))).toEqual([
      1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1,
    ]);
    expect(await masksOf(layers.add()([plain, plain]))).toBeUndefined();
  });

  it("is 0 that counts when nobody says otherwise", async () => {
    const model = (places: number) => [layers.embedding(9, 4, { inputShape: [places] }), layers.lstm(3)];
    expect(await predicted(model(4), tokens([[4, 2, 7, 0]]))).not.toEqual(
      await predicted(model(3), tokens([[4, 2, 7]])),
    );
  });
});

describe("recurrent layers", () => {
  it("leave out the same features at every step in training, and none otherwise", async () => {
    const steps = tensor([Array.from({ length: 6 }, () => [1, 1, 1, 1])]);
    const sums = (dropout: number) => [
      layers.simpleRnn(8, {
        dropout,
        activation: "linear",
        recurrentInitializer: "zeros",
        returnSequences: true,
        inputShape: [6, 4],
      }),
    ];
    const outputs = await predicted(sums(0.5), steps, true);
    for (let step = 1; step < 6; step++) expect(outputs.slice(8 * step, 8 * step + 8)).toEqual(outputs.slice(0, 8));
    expect(outputs).not.toEqual(await predicted(sums(0.5), steps));
    expect(await predicted(sums(0.5), steps)).toEqual(await predicted(sums(0), steps, true));
  });

  const sequence = layers.input({ shape: [5, 2] });
  it.each<[string, () => unknown, string]>([
    ["samples without places", () => layers.lstm(3)(layers.input({ shape: [5] })), "received samples of shape [5]"],
    [
      "states of another size",
      () => layers.gru(3)([sequence, layers.input({ shape: [4] })]),
      "received states of shape [4]",
    ],
    [
      "one state where there are two",
      () => layers.lstm(3)([sequence, layers.input({ shape: [3] })]),
      "none, or 2 of shape [3]",
    ],
    [
      "one state for two directions",
      () => layers.bidirectional(layers.gru(3))([sequence, layers.input({ shape: [3] })]),
      "received 1 states",
    ],
    [
      "a layer in both directions that has none",
      () => layers.bidirectional(layers.dense(3)),
      "bidirectional got a dense layer",
    ],
    [
      "two directions, both backwards",
      () => layers.bidirectional(layers.gru(3, { goBackwards: true })),
      "goes backwards",
    ],
    ["something that is no layer", () => layers.timeDistributed(3 as never), "timeDistributed got 3"],
    ["no units", () => layers.simpleRnn(0), "simpleRnn got units = 0"],
    ["a rate of 1", () => layers.lstm(3, { recurrentDropout: 1 }), "which leaves nothing"],
    ["a flag that is none", () => layers.gru(3, { resetAfter: 1 as never }), "gru got resetAfter = 1"],
    [
      "masked values without places",
      () => layers.masking()(layers.input({ shape: [3] })),
      "received samples of 1 axes",
    ],
  ])("refuse %s", (_name, build, message) => {
    expect(build).toThrow(message);
  });
});
