import { describe, expect, test } from "vitest";
import { type Layer, layers, type Model, model, sequential, statesOf, type Tensor, tensor } from "../../src/index.ts";

const [sequences, places] = [2, 3];
const wave = (rows: number, length: number) =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length }, (_, t) => [Math.sin(i + 0.7 * t), Math.cos(2 * i + 0.3 * t)]),
  );
const long = wave(sequences, 2 * places); // [2, 6, 2]
const halves = [0, 1].flatMap((half) => long.map((row) => row.slice(half * places, (half + 1) * places))); // [4, 3, 2]

const kinds: [string, (options: { stateful?: number }) => Layer][] = [
  ["simpleRnn", (options) => layers.simpleRnn(3, options)],
  ["lstm", (options) => layers.lstm(3, options)],
  ["gru", (options) => layers.gru(3, options)],
];

function compiled(layer: Layer, length: number): Model {
  const input = layers.input({ shape: [length, 2] });
  return model({ inputs: input, outputs: layers.dense(1)(layer(input)) }).compile({
    optimizer: { kind: "sgd", learningRate: 0.1 },
    loss: "meanSquaredError",
    engine: "wasm",
  });
}

describe.each(kinds)("a stateful %s", (_, make) => {
  const stateful = () => compiled(make({ stateful: sequences }), places);

  function pair() {
    const [whole, parts] = [compiled(make({}), 2 * places), stateful()];
    const carried = Object.entries(parts.getWeights()).filter(([path]) => /state\d$/.test(path));
    const weights = Object.fromEntries(
      Object.entries(whole.getWeights()).map(([path, values]) => [path, Float32Array.from(values)] as const),
    );
    parts.setWeights({ ...weights, ...Object.fromEntries(carried) });
    return { whole, parts };
  }

  test("goes on in the next batch, in a later call too, until its states are reset", async () => {
    const { whole, parts } = pair();
    const expected = await (await whole.predict(long)).data();
    const first = await (await parts.predict(halves)).data();
    expect(first.slice(2)).toEqual(expected);
    expect((await (await parts.predict(halves)).data()).slice(0, 2)).not.toEqual(first.slice(0, 2));
    parts.resetStates();
    expect(await (await parts.predict(halves.slice(0, 2))).data()).toEqual(first.slice(0, 2));
    expect(await (await parts.predict(halves.slice(2))).data()).toEqual(expected);
  });

  test("trains from where the batch before ended; validation does not disturb it", async () => {
    const y = [[0.3], [-0.2], [0.1], [0.4]];
    const trained = async (validate: boolean) => {
      const net = stateful();
      await net.fit(halves, y, {
        epochs: 2,
        shuffle: false,
        verbose: 0,
        ...(validate && { validationData: { x: wave(2, places), y: y.slice(0, 2) } }),
      });
      return net;
    };
    const [one, other] = await Promise.all([trained(false), trained(true)]);
    expect(other.getWeights()).toEqual(one.getWeights());
    const states = Object.entries(one.getWeights()).filter(([path]) => /state\d$/.test(path));
    for (const [, values] of states) expect(values.some((value) => value !== 0)).toBe(true);
    // The second batch's loss is that of the whole sequence's end under the weights of that moment.
    const { loss } = await one.evaluate(halves.slice(0, 2), y.slice(0, 2));
    expect(Number.isFinite(loss)).toBe(true);
  });

  test("is refused other batches and other orders", async () => {
    const net = stateful();
    const y = [[0], [0], [0]];
    await expect(net.fit(halves, [...y, [0]], { verbose: 0 })).rejects.toThrow("Fix: shuffle: false");
    await expect(net.fit(halves.slice(0, 3), y, { shuffle: false, verbose: 0 })).rejects.toThrow(
      "a stateful layer received a batch of 1 sequences. Expected 2 in every batch",
    );
    await expect(net.predict(halves.slice(0, 1))).rejects.toThrow("received a batch of 1 sequences");
    expect(() => make({ stateful: 0 })).toThrow("got stateful = 0");
  });
});

test("both directions go on where they ended, until states are reset", async () => {
  const net = sequential([layers.bidirectional(layers.gru(3, { stateful: 2 }), { inputShape: [places, 2] })]);
  const [, ...states] = statesOf(
    layers.bidirectional(layers.gru(3, { returnState: true }), { name: "same" })(net.inputs[0]!),
  );
  const once = model({ inputs: net.inputs, outputs: states });
  const weights = once.getWeights();
  for (const [path, values] of Object.entries(net.getWeights())) {
    weights[path.replace(/^[^/]+/, "same")]?.set(values);
  }
  const first = halves.slice(0, 2);
  const ends = async () =>
    Object.entries(net.getWeights()).flatMap(([path, values]) => (/state/.test(path) ? [...values] : []));
  const values = async (x: Tensor) => [...(await x.data())];
  const begun = await values(await net.predict(first));
  const expected = await Promise.all((await once.predictAll(first)).map(values));
  expect(await ends()).toEqual(expected.flat());
  expect(await values(await net.predict(first))).not.toEqual(begun);
  net.resetStates();
  expect(await values(await net.predict(first))).toEqual(begun);
});

describe("states that a layer returns", () => {
  test("are its output and its states, and another layer goes on from them", async () => {
    const inputs = [layers.input({ shape: [places, 2] }), layers.input({ shape: [places, 2] })];
    const [sequence, ...states] = statesOf(
      layers.lstm(3, { returnState: true, returnSequences: true, name: "first" })(inputs[0]!),
    );
    const last = layers.lstm(3, { name: "second" })([inputs[1]!, ...states]);
    expect([sequence, ...states, last].map((each) => each?.shape)).toEqual([[places, 3], [3], [3], [3]]);
    const parts = model({ inputs, outputs: [last, sequence!] });
    const whole = compiled(layers.lstm(3, { name: "whole" }), 2 * places);
    const weights = parts.getWeights();
    const own = (name: string) => weights[`first/${name}`]!;
    for (const name of ["kernel", "recurrentKernel", "bias"]) weights[`second/${name}`]!.set(own(name));
    const dense = whole.getWeights();
    whole.setWeights({
      ...dense,
      ...Object.fromEntries(["kernel", "recurrentKernel", "bias"].map((name) => [`whole/${name}`, own(name)])),
    });
    const [end] = await parts.predictAll([tensor(halves.slice(0, 2)), tensor(halves.slice(2))]);
    const kernel = Object.entries(dense).find(([path]) => path.startsWith("dense"))![1];
    const expected = await (await whole.predict(long)).data();
    const values = await end!.data();
    expected.forEach((value, row) => {
      const sum = kernel.reduce((total, k, i) => total + k * values[3 * row + i]!, 0);
      expect(value).toBeCloseTo(sum, 5);
    });
  });

  test("carry a mask to the sequence only, and survive a file", async () => {
    const input = layers.input({ shape: [4], dtype: "int32" });
    const embedded = layers.embedding(5, 2, { maskZero: true })(input);
    const [sequence, state] = statesOf(layers.gru(2, { returnState: true, returnSequences: true })(embedded));
    const seen = layers.gru(3)([sequence!, layers.dense(3)(state!)]);
    const net = model({ inputs: input, outputs: seen });
    const padded = await (await net.predict([[1, 2, 0, 0]])).data();
    const { graphOf, Network } = await import("../../src/nn/index.ts");
    const again = new Network(graphOf(JSON.parse(JSON.stringify(net.toConfig()))));
    expect(again.layers.map(({ path }) => path)).toEqual(net.layers.map(({ path }) => path));
    const other = await (await net.predict([[1, 2, 0, 4]])).data();
    expect(padded).not.toEqual(other);
  });

  test("are refused where there are none", () => {
    const y = layers.lstm(3)(layers.input({ shape: [4, 2] }));
    expect(() => statesOf(y)).toThrow("statesOf got what a lstm layer gave");
    expect(() => sequential([layers.lstm(3, { returnState: 1 as never })])).toThrow("lstm got returnState = 1");
  });
});
