import { describe, expect, test } from "vitest";
import { opCases, runCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { exportJavaScript } from "../../src/export/index.ts";
import { writeScript } from "../../src/export/script/script.ts";
import { OPS, topologicalOrder } from "../../src/ir/index.ts";
import { layers, type Network } from "../../src/nn/index.ts";
import { randomKey } from "../../src/tensor/index.ts";
import { model, sequential } from "../../src/train/index.ts";
import { product } from "../../src/util/index.ts";
import { randomGraph } from "../engine/random-graph.ts";
import { LAYER_SAMPLES } from "../nn/layer-samples.ts";
import { worst } from "./graphs.ts";
import { dataFor, networkOf, outputsOf, titleOf, worstDifference } from "./networks.ts";

type Data = ArrayLike<number> | readonly string[];

interface Script {
  predict(...inputs: Data[]): Float32Array | Record<string, Float32Array>;
  readonly inputs: Record<string, number[]>;
  readonly outputs: Record<string, number[]>;
}

/** A script as a module of its own. */
async function load(text: string): Promise<Script> {
  return import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
}

/** Compares a network's script with the network, sample by sample. */
async function expectSameAsScript(network: Network): Promise<void> {
  const { predict, inputs, outputs } = await load(await exportJavaScript(network));
  expect(Object.keys(inputs)).toEqual(network.inputNames);
  expect(Object.values(outputs)).toEqual(network.outputs.map(({ shape }) => shape));
  const samples = 3;
  const data = dataFor(network, samples);
  const expected = await outputsOf(network, data, samples);
  for (let sample = 0; sample < samples; sample++) {
    const given = data.map((all) => all.slice((sample * all.length) / samples, ((sample + 1) * all.length) / samples));
    const result = predict(...given);
    const results = result instanceof Float32Array ? [result] : Object.values(result);
    results.forEach((values, i) => {
      const size = product(network.outputs[i]?.shape ?? []);
      const wanted = (expected[i] ?? new Float32Array(0)).subarray(sample * size, (sample + 1) * size);
      expect(worstDifference(values, wanted), `sample ${sample}`).toBeLessThan(1e-5);
    });
  }
}

describe("every layer as a script", () => {
  test.each(LAYER_SAMPLES.map((sample) => [titleOf(sample), sample] as const))("%s", async (_, sample) => {
    await expectSameAsScript(networkOf(sample));
  });
});

/** Ops that a model as it is used does not have. */
const REFUSED: Record<string, RegExp> = {
  random: /draws random numbers even outside of training/,
  convWeight: /a kernel's gradient is part of it/,
};

function scriptOf({ program }: ReturnType<typeof randomGraph>): string {
  const inputs = program.inputs.map((node, i) => ({ name: `input_${i}`, node, isText: false }));
  const outputs = program.outputs.map((node, i) => ({ name: `output_${i}`, node }));
  return writeScript({ name: program.name, inputs, outputs, weights: new Map() });
}

async function expectSameAsReference(given: ReturnType<typeof randomGraph>, tolerance: number): Promise<void> {
  const { predict } = await load(scriptOf(given));
  const result = predict(...given.inputs.map((each) => each.slice()));
  const results = given.program.outputs.length === 1 ? [result as Float32Array] : Object.values(result);
  expect(worst(results as Float32Array[], await runCase(referenceEngine, given)), given.name).toBeLessThan(tolerance);
}

describe("every op's samples as scripts", () => {
  const cases = opCases(OPS);
  const opOf = ({ name }: (typeof cases)[0]) => name.split(" ")[0] ?? "";

  test.each([...new Set(cases.map(opOf))].filter((op) => !REFUSED[op]))("%s", async (op) => {
    for (const each of cases.filter((each) => opOf(each) === op)) await expectSameAsReference(each, 1e-6);
  });

  test.each(Object.entries(REFUSED))("%s is refused", (op, reason) => {
    const given = cases.find((each) => opOf(each) === op);
    expect(() => given && scriptOf(given)).toThrow(reason);
  });
});

test("random graphs as scripts", async () => {
  let compared = 0;
  for (let seed = 0; seed < 120; seed++) {
    const given = randomGraph(seed);
    const names = topologicalOrder(given.program.outputs).map(({ op }) => op.name);
    if (names.some((name) => REFUSED[name])) continue;
    await expectSameAsReference({ ...given, name: `seed ${seed}` }, 1e-4);
    compared++;
  }
  expect(compared).toBeGreaterThan(50);
});

describe("models as scripts", () => {
  test("of several inputs and outputs: records by name", async () => {
    const [left, right] = [layers.input({ shape: [4] }), layers.input({ shape: [4], name: "class" })];
    const sum = layers.add({ name: "sum" })([left, right]);
    const score = layers.dense(1)(layers.concatenate()([left, right]));
    await expectSameAsScript(model({ inputs: [left, right], outputs: { sum, score } }));
  });

  test("of tokens: embedding with a mask, bidirectional LSTM, attention, GRU", async () => {
    const input = layers.input({ shape: [6], dtype: "int32" });
    const x = layers.embedding(9, 4, { maskZero: true })(input);
    const seen = layers.bidirectional(layers.lstm(3, { returnSequences: true }))(x);
    await expectSameAsScript(model({ inputs: input, outputs: layers.gru(2)(layers.multiHeadAttention(2, 3)(seen)) }));
  });

  test("with what is done to the data before, and types", async () => {
    const network = sequential([layers.dense(2, { inputShape: [3] })]);
    const script = await exportJavaScript(network, { preprocessing: (x) => x.sub(2).mul([1, 10, 100]), types: true });
    expect(script).toContain("export function predict(input_1: ArrayLike<number>): Float32Array {");
    const { predict } = await load(
      script.replace(/: (number|string|Float32Array|ArrayLike<\w+>)(?=[,)]| \{| =>)/g, ""),
    );
    const [expected] = await outputsOf(network, [Float32Array.of(1, 1, 1)], 1);
    expect(worstDifference(predict([3, 2.1, 2.01]) as Float32Array, expected ?? [])).toBeLessThan(1e-5);
  });

  test("are refused where samples see each other or random numbers are drawn", async () => {
    const own = (f: Parameters<typeof layers.lambda>[0]) =>
      exportJavaScript(sequential([layers.lambda(f, { inputShape: [3], name: "own" })]));
    await expect(own((x) => x.sub(x.mean()))).rejects.toThrow(/own computes with the size of the batch/);
    await expect(own((x) => x.add(randomKey(1).normal(x.shape)))).rejects.toThrow(
      /own can't be written as JavaScript: it draws/,
    );
  });
});
