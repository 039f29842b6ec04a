import * as ort from "onnxruntime-web/wasm";
import { describe, expect, test } from "vitest";
import { exportOnnx } from "../../src/export/index.ts";
import { layers } from "../../src/nn/index.ts";
import { randomKey, type Tensor, tensor } from "../../src/tensor/index.ts";
import { model, sequential } from "../../src/train/index.ts";
import { LAYER_SAMPLES } from "../nn/layer-samples.ts";
import { networkOf, outputsOf, titleOf, worstDifference } from "./networks.ts";
import { expectSameAsOnnx, openOnnx, runOnnx } from "./onnx-runtime.ts";

/** What ONNX can't say, and why. The table of docs/guide/export.md says the same. */
const REFUSED: Record<string, RegExp> = {
  hashing: /hashing_1 can't be written as ONNX: it computes with the hash of a text/,
  hashedCrossing: /computes with the hash of a text/,
  'stringLookup {"vocabulary":["red","blue"],"numOovIndices":2}': /at most one place for unknown texts/,
};

const refusalOf = (title: string) => Object.entries(REFUSED).find(([begin]) => title.startsWith(begin))?.[1];
const titled = LAYER_SAMPLES.map((sample) => [titleOf(sample), sample] as const);

describe("every layer as ONNX Runtime computes it", () => {
  test.each(titled.filter(([title]) => !refusalOf(title)))("%s", async (_, sample) => {
    await expectSameAsOnnx(networkOf(sample));
  });

  test.each(titled.filter(([title]) => refusalOf(title)))("%s is refused", async (title, sample) => {
    await expect(exportOnnx(networkOf(sample))).rejects.toThrow(refusalOf(title));
  });
});

describe("models as ONNX Runtime computes them", () => {
  test("of several inputs and outputs, by their names, with a shared and a nested part", async () => {
    const [left, right] = [layers.input({ shape: [4] }), layers.input({ shape: [4], name: "right" })];
    const encoder = sequential([layers.dense(3, { activation: "tanh", inputShape: [4] })], { name: "encoder" });
    const [a, b] = [encoder(left), encoder(right)];
    const sum = layers.add({ name: "sum" })([a, b]);
    const both = layers.concatenate()([a, b]);
    await expectSameAsOnnx(model({ inputs: [left, right], outputs: { sum, score: layers.dense(1)(both) } }));
  });

  test("of tokens: an embedding with its mask, a bidirectional LSTM and attention", async () => {
    const input = layers.input({ shape: [6], dtype: "int32" });
    const x = layers.embedding(9, 4, { maskZero: true })(input);
    const seen = layers.bidirectional(layers.lstm(3, { returnSequences: true }))(x);
    const attended = layers.multiHeadAttention(2, 3, { causal: true })(seen);
    await expectSameAsOnnx(model({ inputs: input, outputs: layers.gru(2)(attended) }));
  });

  test("of the user's own functions, custom layers among them", async () => {
    const own = layers.lambda((x) =>
      x
        .softmax({ axis: 1 })
        .log()
        .mul(x.max({ axis: 1, keepdims: true })),
    );
    await expectSameAsOnnx(sequential([layers.dense(5, { inputShape: [3] }), own]));
  });

  test("with what is done to the data before", async () => {
    const network = sequential([layers.dense(2, { inputShape: [3] })]);
    const file = await exportOnnx(network, { preprocessing: (x) => x.sub(2).mul([1, 10, 100]) });
    const session = await openOnnx(file);
    const [result] = await runOnnx(session, network, [Float32Array.of(3, 2.1, 2.01)], 1);
    const [expected] = await outputsOf(network, [Float32Array.of(1, 1, 1)], 1);
    expect(worstDifference(result?.data ?? [], expected ?? [])).toBeLessThan(1e-5);
  });

  test("of unsigned bytes and bools as they are", async () => {
    const [bytes, flags] = [layers.input({ shape: [4], dtype: "uint8" }), layers.input({ shape: [4], dtype: "bool" })];
    const scaled = layers.rescaling(1 / 255)(layers.lambda((x) => x.cast("float32"))(bytes));
    const shown = layers.multiply()([scaled, layers.lambda((x) => x.cast("float32"))(flags)]);
    const session = await openOnnx(await exportOnnx(model({ inputs: [bytes, flags], outputs: shown })));
    const feeds = { [session.inputNames[0] ?? ""]: "uint8", [session.inputNames[1] ?? ""]: "bool" } as const;
    const values = Object.entries(feeds).map(([name, type]) => [
      name,
      new ort.Tensor(
        type,
        Uint8Array.of(0, 255, 51, 1).map((value) => (type === "bool" ? value % 2 : value)),
        [1, 4],
      ),
    ]);
    const results = await session.run(Object.fromEntries(values));
    expect(
      worstDifference(results[session.outputNames[0] ?? ""]?.data as Float32Array, [0, 1, 0.2, 1 / 255]),
    ).toBeLessThan(1e-6);
  });
});

describe("a model is refused", () => {
  const refused = (own: (x: Tensor) => Tensor, message: RegExp) =>
    expect(exportOnnx(sequential([layers.lambda(own, { inputShape: [3], name: "own" })]))).rejects.toThrow(message);

  test("whose samples see each other", async () => {
    await refused((x) => x.sub(x.mean()), /own computes with the size of the batch/);
    await refused((x) => x.add(tensor(new Float32Array(x.shape[0] ?? 0)).expandDims(1)), /own computes with the size/);
  });

  test("that draws random numbers outside of training, one per sample", async () => {
    await refused((x) => x.add(randomKey(1).normal(x.shape)), /own can't be written as ONNX: it draws random numbers/);
  });

  test("with options that exportOnnx does not know", async () => {
    const network = sequential([layers.dense(1, { inputShape: [1] })]);
    await expect(exportOnnx(network, { opset: 17 } as never)).rejects.toThrow(/unknown option of exportOnnx: "opset"/);
  });
});
