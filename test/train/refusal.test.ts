import { describe, expect, test } from "vitest";
import { type CompileOptions, type Data, type FitOptions, layers, model, sequential, tensor } from "../../src/index.ts";
import { linearModel } from "./fixture.ts";

const x = [
  [1, 2],
  [3, 4],
];
const y = [[0], [1]];

function compiled() {
  const network = sequential([layers.dense(1, { activation: "sigmoid", inputShape: [2] })]);
  return network.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["accuracy"] });
}

const bad = (value: unknown) => value as Data;

describe("bad data are refused before any work", () => {
  test.each<[string, Data, Data, RegExp]>([
    ["lengths that differ", x, [[0], [1], [1]], /x has 2 samples and y has 3. Expected as many targets as samples/],
    [
      "a ragged row",
      bad([[1, 2], [3]]),
      y,
      /x: row 1 is a list of 1, unlike row 0. Expected rows of the same shape, here \[2\]/,
    ],
    [
      "a text",
      bad([
        [1, 2],
        [3, "four"],
      ]),
      y,
      /x: row 1, column 1 is the text "four". Expected a number. Fix: turn texts/,
    ],
    [
      "a missing number",
      bad([
        [1, 2],
        [null, 4],
      ]),
      y,
      /x: row 1, column 0 is null. Expected a number. Fix: fill in/,
    ],
    [
      "undefined",
      bad([
        [1, undefined],
        [3, 4],
      ]),
      y,
      /x: row 0, column 1 is undefined/,
    ],
    [
      "NaN",
      [
        [1, 2],
        [3, Number.NaN],
      ],
      y,
      /x: row 1, column 1 is NaN. Expected finite numbers. Fix: fill in/,
    ],
    [
      "infinity",
      [
        [1, 2],
        [Number.POSITIVE_INFINITY, 1],
      ],
      y,
      /x: row 1, column 0 is Infinity/,
    ],
    [
      "NaN in a typed array",
      { data: Float32Array.of(1, 2, Number.NaN, 4), shape: [2, 2] },
      y,
      /x: row 1, column 0 is NaN/,
    ],
    [
      "NaN in a tensor",
      tensor([
        [1, 2],
        [3, Number.NaN],
      ]),
      y,
      /x: row 1, column 1 is NaN/,
    ],
    ["NaN in targets", x, [[0], [Number.NaN]], /y: row 1 is NaN/],
    ["no data", [], [], /x is empty. Expected at least one sample/],
    [
      "a wrong width",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      y,
      /x has shape \[2, 3\]. Expected samples of shape \[2\] for input_1. Fix: give samples of that shape, or the first layer inputShape: \[3\]/,
    ],
    ["one sample alone", [1, 2], y, /x has shape \[2\].*this looks like one sample; put it in a list: \[x\]/],
    ["a wrong rank", [[[1, 2]], [[3, 4]]], y, /x has shape \[2, 1, 2\].*x.reshape\(\[-1, 2\]\)/],
    [
      "a data shape that is none",
      { data: Float32Array.of(1, 2, 3), shape: [2, 2] },
      y,
      /x has 3 numbers and the shape \[2, 2\]. Expected 4 numbers/,
    ],
    ["an object", bad({ a: 1 }), y, /x is an object \(Object\). Expected a tensor or an array of samples/],
    ["nothing", bad(undefined), y, /x is undefined/],
    ["a text for data", bad("data"), y, /x is the text "data"/],
    ["a number for data", bad(3), y, /x is a number \(3\)/],
    ["big integers", bad(BigInt64Array.of(1n, 2n)), y, /x is a list of 2. Expected numbers/],
    ["objects as rows", bad([{ a: 1 }, { a: 2 }]), y, /x: row 0 is an object \(Object\)/],
    ["labels out of range", x, [[0], [2]], /y is 2 at sample 1. Expected labels 0 and 1/],
    [
      "targets of another width",
      x,
      [
        [0, 1],
        [1, 0],
      ],
      /y has shape \[2, 2\]/,
    ],
  ])("%s", async (_, features, targets, message) => {
    const network = compiled();
    const before = [...network.parameters];
    await expect(network.fit(features, targets, { verbose: 0 })).rejects.toThrow(message);
    await expect(network.evaluate(features, targets)).rejects.toThrow(message);
    expect([...network.parameters]).toEqual(before);
  });

  test("class numbers out of range name the sample", async () => {
    const network = sequential([layers.dense(3, { activation: "softmax", inputShape: [2] })]);
    network.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    await expect(network.fit(x, [1, 3])).rejects.toThrow(/label 3 at sample 1. Expected labels 0..2.*begin with 1/);
    await expect(network.fit(x, [0, -1])).rejects.toThrow(/label -1 at sample 1/);
    await expect(network.fit(x, [0, 0.5])).rejects.toThrow(/label 0.5/);
  });

  test("validation data are checked as well, under their name", async () => {
    const network = compiled();
    const train = (validationData: unknown) =>
      network.fit(x, y, { validationData: validationData as never, verbose: 0 });
    await expect(train([x, [[0]]])).rejects.toThrow(/validation x has 2 samples and validation y has 1/);
    await expect(train({ x: [[1, Number.NaN]], y: [[0]] })).rejects.toThrow(/validation x: row 0, column 1 is NaN/);
    await expect(train([x])).rejects.toThrow(/validationData is a list of 1/);
    await expect(train({ x })).rejects.toThrow(/lacks x or y/);
    await expect(train({ x, y, z: 1 })).rejects.toThrow(/unknown option of validationData: "z"/);
    await expect(network.fit(x, y, { validationSplit: 0.9 })).rejects.toThrow(/leaves 0 for training and 2/);
  });

  test("weights are checked", async () => {
    const network = compiled();
    const train = (options: FitOptions) => network.fit(x, y, { verbose: 0, ...options });
    await expect(train({ sampleWeight: [1] })).rejects.toThrow(
      /sampleWeight has shape \[1\]. Expected one weight for each of 2/,
    );
    await expect(train({ sampleWeight: [1, -1] })).rejects.toThrow(/sampleWeight: row 1 is -1/);
    await expect(train({ classWeight: { 2: 1 } })).rejects.toThrow(
      /classWeight names the class "2". Expected classes 0 to 1/,
    );
    await expect(train({ classWeight: [1, Number.NaN] })).rejects.toThrow(/classWeight of class 1 is NaN/);
    const line = linearModel().compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await expect(line.fit([1, 2], [1, 17], { classWeight: [1, 2] })).rejects.toThrow(/y is 17 in row 1/);
    const mean = linearModel().compile({ optimizer: "sgd", loss: (t, p) => t.sub(p).square().mean() });
    await expect(mean.fit([1, 2], [1, 2], { sampleWeight: [1, 2] })).rejects.toThrow(/one number for the batch/);
  });

  test("several inputs need as many arrays", async () => {
    const inputs = [layers.input({ shape: [1] }), layers.input({ shape: [1] })];
    const network = model({ inputs, outputs: layers.add()(inputs) });
    await expect(network.predict([[1]])).rejects.toThrow(/x is a list of 1. Expected a list of 2 arrays/);
    await expect(network.predict(tensor([[1], [2]]))).rejects.toThrow(/x is one array. Expected a list of 2/);
    await expect(network.predict([[[1]], [[1], [2]]])).rejects.toThrow(/x\[0\] has 1 samples and x\[1\] has 2/);
    expect(await (await network.predict([tensor([[1]]), [[2]]])).array()).toEqual([[3]]);
  });
});

describe("bad options are refused with the nearest good one", () => {
  test.each<[object, RegExp]>([
    [{ optimizer: "adma", loss: "meanSquaredError" }, /unknown optimizer "adma".*"adam"/],
    [{ optimizer: "adam", loss: "meanSquareError" }, /unknown loss "meanSquareError".*"meanSquaredError"/],
    [{ optimizer: "adam", loss: "meanSquaredError", metrics: ["acuracy"] }, /unknown metric "acuracy".*"accuracy"/],
    [{ optimizer: "adam", loss: "meanSquaredError", metric: ["accuracy"] }, /"metric".*did you mean "metrics"/],
    [{ optimizer: "adam", loss: "meanSquaredError", metrics: "accuracy" }, /metrics is "accuracy". Expected a list/],
    [{ loss: "meanSquaredError" }, /compile got no optimizer/],
    [{ optimizer: "adam" }, /compile got no loss/],
    [{ optimizer: "adam", loss: ["huber", "huber"] }, /compile got 2 losses. Expected one for each of the 1 outputs/],
    [{ optimizer: "adam", loss: "huber", lossWeights: [1, 2] }, /compile got 2 lossWeights/],
    [{ optimizer: "adam", loss: "huber", lossWeights: [Number.NaN] }, /lossWeights\[0\] is NaN/],
  ])("compile %#", (options, message) => {
    expect(() => compiled().compile(options as CompileOptions)).toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ epoch: 3 }, /unknown option of fit: "epoch".*"epochs"/],
    [{ epochs: 1.5 }, /epochs is 1.5. Expected an integer of at least 0/],
    [{ batchSize: 0 }, /batchSize is 0. Expected an integer of at least 1/],
    [{ seed: 0.5 }, /seed is 0.5. Expected an integer/],
    [{ validationSplit: 1 }, /validationSplit is 1/],
    [{ validationSplit: 0.5, validationData: [x, y] }, /validationSplit and validationData/],
    [{ verbose: 2 }, /verbose is 2/],
    [{ augment: "flip" }, /augment holds "flip".*a function \(x, key\) => tensor, a layer/],
    [{ callbacks: {} }, /callbacks is no list/],
    [{ stopWhen: { los: 1 } }, /unknown value in stopWhen: "los".*"loss"/],
    [{ stopWhen: { valLoss: 1 } }, /unknown value in stopWhen: "valLoss"/],
    [{ stopWhen: { loss: "low" } }, /stopWhen: loss is "low"/],
    [{ augment: () => 3 }, /augment gave 3/],
    [{ augment: () => tensor([1]) }, /augment gave \[1\]. Expected a tensor of shape \[2, 2\]/],
  ])("fit %#", async (options, message) => {
    await expect(compiled().fit(x, y, options as FitOptions)).rejects.toThrow(message);
  });

  test("of other calls", async () => {
    const network = sequential([layers.dense(1, { inputShape: [2] })]);
    await expect(network.fit(x, y)).rejects.toThrow(/fit was called before compile/);
    await expect(network.evaluate(x, y)).rejects.toThrow(/evaluate was called before compile/);
    const typo = { optimizer: "sgd", loss: "meanSquaredError", engine: "refrence" as never } as const;
    expect(() => network.compile(typo)).toThrow(/unknown engine "refrence".*did you mean "reference"/);
    network.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await expect(network.evaluate(x, y, { batch: 1 } as object)).rejects.toThrow(/unknown option of evaluate: "batch"/);
    await expect(network.predict(x, { batchSize: -1 })).rejects.toThrow(/batchSize is -1/);
    network.compile({ optimizer: "sgd", loss: () => tensor([1, 2, 3]) });
    await expect(network.fit(x, y)).rejects.toThrow(/the loss of dense_1 gives \[3\]. Expected \[2\]/);
    const twice = { optimizer: "sgd", loss: "meanSquaredError", metrics: ["r2", "r2"] } as const;
    await expect(network.compile(twice).evaluate(x, y)).rejects.toThrow(/two metrics are named "r2"/);
  });
});

describe("data in every form", () => {
  test("mean the same", async () => {
    const network = compiled();
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const expected = await (await network.predict(rows)).array();
    const forms: Data[] = [
      tensor(rows),
      { data: Float32Array.from(rows.flat()), shape: [3, 2] },
      { data: Float64Array.from(rows.flat()), shape: [3, 2] },
      { data: Uint8Array.from(rows.flat()), shape: [3, 2] },
      rows.map((row) => Float32Array.from(row)),
      rows.map((row) => Int8Array.from(row)),
      { data: Int16Array.from(rows.flat()) as never, shape: [3, 2] },
      tensor(Int32Array.from(rows.flat()), { shape: [3, 2] }),
    ];
    for (const form of forms) expect(await (await network.predict(form)).array()).toEqual(expected);
    const line = linearModel();
    for (const form of [[1, 2], Float32Array.of(1, 2), [[1], [2]], tensor([1, 2])]) {
      expect(await (await line.predict(form)).array()).toEqual([[0.5], [1]]);
    }
  });

  test("booleans are labels", async () => {
    const network = compiled();
    const asBooleans = await network.evaluate(x, [[false], [true]]);
    expect(asBooleans).toEqual(await network.evaluate(x, y));
    expect(asBooleans).toEqual(await network.evaluate(x, [0, 1]));
    expect(asBooleans).toEqual(await network.evaluate(x, tensor([[false], [true]])));
  });
});
