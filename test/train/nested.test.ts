import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { layers, loadModel, type Model, model, sequential } from "../../src/index.ts";

const quiet = { verbose: 0 } as const;
const x = [
  [1, 2, 3],
  [3, -1, 0],
  [0.5, 1, -2],
];

const weightsOf = (network: Model) =>
  Object.fromEntries(Object.entries(network.getWeights()).map(([path, values]) => [path, [...values]]));

function autoencoder() {
  const encoder = sequential(
    [layers.dense(4, { activation: "tanh", inputShape: [3] }), layers.batchNormalization(), layers.dense(2)],
    { name: "encoder", seed: 3 },
  );
  const decoder = sequential([layers.dense(3, { inputShape: [2] })], { name: "decoder" });
  const whole = sequential([encoder, decoder], { name: "whole" });
  whole.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
  return { encoder, decoder, whole };
}

describe("a model as a layer", () => {
  test("gives its layers their paths, first numbers and what they learn", async () => {
    const { encoder, decoder, whole } = autoencoder();
    expect(whole.weights.map(({ path }) => path)).toEqual([
      "encoder/dense_1/kernel",
      "encoder/dense_1/bias",
      "encoder/batchNormalization_1/gamma",
      "encoder/batchNormalization_1/beta",
      "encoder/batchNormalization_1/movingMean",
      "encoder/batchNormalization_1/movingVariance",
      "encoder/dense_2/kernel",
      "encoder/dense_2/bias",
      "decoder/dense_1/kernel",
      "decoder/dense_1/bias",
    ]);
    const alone = autoencoder().encoder;
    expect(weightsOf(whole)["encoder/dense_1/kernel"]).toEqual(weightsOf(alone)["dense_1/kernel"]);
    await whole.fit(x, x, { epochs: 3, ...quiet });
    const learned = weightsOf(encoder);
    expect(learned["dense_1/kernel"]).toEqual(weightsOf(whole)["encoder/dense_1/kernel"]);
    expect(learned["dense_1/kernel"]).not.toEqual(weightsOf(alone)["dense_1/kernel"]);
    const code = await encoder.predict(x);
    const [parts, all] = [await (await decoder.predict(code)).data(), await (await whole.predict(x)).data()];
    parts.forEach((value, i) => {
      expect(value).toBeCloseTo(all[i] as number, 5); // rounded once more between the two
    });
  });

  test("shares its weights when applied twice, and may be nested deeper", async () => {
    const { encoder } = autoencoder();
    const input = layers.input({ shape: [3] });
    const outer = model({ inputs: input, outputs: layers.dense(2)(encoder(input)) });
    const [left, right] = [layers.input({ shape: [3] }), layers.input({ shape: [3] })];
    const twins = model({ inputs: [left, right], outputs: [outer(left), outer(right)] });
    expect(twins.outputNames).toEqual(["model_1", "model_1:1"]);
    expect(twins.weights[0]?.path).toBe("model_1/encoder/dense_1/kernel");
    const [a, b] = await twins.predictAll([x, x]);
    expect(await a?.array()).toEqual(await b?.array());
    expect(await a?.array()).toEqual(await (await outer.predict(x)).array());
  });

  test("is frozen as a whole, in one model and not in another", async () => {
    const { encoder, whole } = autoencoder();
    encoder.trainable = false;
    whole.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
    const before = weightsOf(encoder);
    await whole.fit(x, x, quiet);
    expect(weightsOf(encoder)).toEqual(before);
    encoder.trainable = true;
    encoder.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
    await encoder.fit(
      x,
      [
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      quiet,
    );
    expect(weightsOf(whole)["encoder/dense_1/kernel"]).toEqual(weightsOf(encoder)["dense_1/kernel"]);
    expect(weightsOf(encoder)["dense_1/kernel"]).not.toEqual(before["dense_1/kernel"]);
    expect(whole.weights.find(({ path }) => path === "encoder/dense_1/kernel")?.vector).toBe("frozen");
  });

  test("is saved and loaded with its structure", async () => {
    const { encoder, whole } = autoencoder();
    encoder.trainable = false;
    whole.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
    await whole.fit(x, x, quiet);
    const folder = await mkdtemp(join(tmpdir(), "descent-nested-"));
    await whole.save(folder);
    const loaded = await loadModel(folder);
    expect(loaded.toConfig()).toEqual(whole.toConfig());
    expect(weightsOf(loaded)).toEqual(weightsOf(whole));
    expect(weightsOf(loaded.getModel("encoder"))).toEqual(weightsOf(encoder));
    expect(loaded.lengths).toEqual(whole.lengths);
    expect(() => loaded.getModel("encodr")).toThrow('did you mean "encoder"?');
    const [again, wanted] = [await loaded.fit(x, x, quiet), await whole.fit(x, x, quiet)];
    expect(again.history.loss[0]).toBeCloseTo(wanted.history.loss[0] as number, 5);
    expect(weightsOf(loaded.getModel("encoder"))["dense_1/kernel"]).toEqual(weightsOf(encoder)["dense_1/kernel"]);
  });

  test("with several outputs gives a list, in files too", async () => {
    const input = layers.input({ shape: [3] });
    const fork = model({ inputs: input, outputs: [layers.dense(1)(input), layers.dense(2)(input)], name: "fork" });
    const start = layers.input({ shape: [3] });
    expect(() => fork(start)).toThrow("a model of 2 outputs was applied as a layer");
    const [one, two] = fork.connectAll(start);
    const outer = model({ inputs: start, outputs: layers.concatenate()([one, two] as never) });
    const config = JSON.parse(JSON.stringify(outer.toConfig()));
    expect(config.layers.at(-1).calls).toEqual([["fork", "fork#1"]]);
    expect((await outer.predict(x)).shape).toEqual([3, 3]);
  });

  test("is refused for other shapes, and in files that can't hold it", () => {
    const { encoder, whole } = autoencoder();
    expect(() => encoder(layers.input({ shape: [4] }))).toThrow(
      'the model "encoder" received samples of float32 [4]. Expected float32 [3] for its input input_1',
    );
    expect(() => encoder([])).toThrow('the model "encoder" was applied to 0 tensors');
    expect(() => encoder([[1, 2, 3]] as never)).toThrow("for numbers there is predict");
    const shared = layers.dense(3);
    const inner = sequential([layers.input({ shape: [3] }), shared], { name: "inner" });
    const outer = sequential([inner, shared]);
    expect(() => outer.toConfig()).toThrow("inner/dense_1 is used within a model and outside of it");
    expect(() => sequential([whole, sequential([layers.dense(1, { inputShape: [3] })], { name: "a b" })])).toThrow(
      'got the name "a b"',
    );
  });
});

describe("weights of another model", () => {
  const small = (units: number, name: string) =>
    sequential([layers.dense(4, { inputShape: [3], name: "features" }), layers.dense(units, { name })]);

  test("are taken by name, from models and files, with a report", async () => {
    const source = small(2, "head");
    const folder = await mkdtemp(join(tmpdir(), "descent-weights-"));
    await source.save(folder);
    for (const from of [source, folder]) {
      const same = small(2, "head");
      same.initialize(5);
      expect((await same.loadWeights(from)).taken).toHaveLength(4);
      expect(weightsOf(same)).toEqual(weightsOf(source));
      const other = small(3, "head");
      const before = weightsOf(other);
      expect(await other.loadWeights(from, { byName: true, skipMismatch: true })).toEqual({
        taken: ["features/kernel", "features/bias"],
        missing: [],
        unused: [],
        mismatched: [
          { path: "head/kernel", found: [4, 2], expected: [4, 3] },
          { path: "head/bias", found: [2], expected: [3] },
        ],
      });
      expect(weightsOf(other)["features/kernel"]).toEqual(weightsOf(source)["features/kernel"]);
      expect(weightsOf(other)["head/kernel"]).toEqual(before["head/kernel"]);
      const { missing, unused } = await small(2, "new").loadWeights(from, { byName: true });
      expect([missing, unused]).toEqual([
        ["new/kernel", "new/bias"],
        ["head/kernel", "head/bias"],
      ]);
    }
  });

  test("are refused, before anything is changed, where they do not fit", async () => {
    const source = small(2, "head");
    const target = small(3, "head");
    const before = weightsOf(target);
    await expect(small(2, "haed").loadWeights(source)).rejects.toThrow('found no haed/kernel, but "head/kernel"');
    await expect(target.loadWeights(source)).rejects.toThrow("found head/kernel of shape [4, 2]. Expected [4, 3]");
    await expect(target.loadWeights(source, { byName: true })).rejects.toThrow("skipMismatch: true");
    await expect(target.loadWeights(source, { skipMismatch: true })).rejects.toThrow("skipMismatch without byName");
    const stranger = sequential([layers.dense(1, { inputShape: [1] })]);
    await expect(target.loadWeights(stranger, { byName: true })).rejects.toThrow("no weight that fits");
    await expect(target.loadWeights(source, { byname: true } as never)).rejects.toThrow('did you mean "byName"?');
    expect(weightsOf(target)).toEqual(before);
  });
});
