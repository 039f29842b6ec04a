import { describe, expect, test } from "vitest";
import { type CompileOptions, type Data, layers, type Model, model, optimizers } from "../../src/index.ts";
import { graphOf, Network } from "../../src/nn/index.ts";

const quiet = { verbose: 0 } as const;
const x = [
  [1, 2],
  [3, -1],
  [0.5, 1],
];
const y = { main: [[1], [0], [2]], aux: [0, 1, 1] };

function build() {
  const input = layers.input({ shape: [2], name: "features" });
  const hidden = layers.dense(3, { activation: "tanh" })(input);
  const main = layers.dense(1)(hidden);
  const aux = layers.dense(2, { activation: "softmax", name: "classes" })(hidden);
  return model({ inputs: input, outputs: { main, aux } });
}

const loss = { main: "meanSquaredError", aux: "sparseCategoricalCrossentropy" } as const;
const compiled = (options: Partial<CompileOptions> = {}): Model =>
  build().compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss, engine: "reference", ...options });

describe("outputs with names", () => {
  test("are trained and measured by records", async () => {
    const network = compiled({
      lossWeights: { aux: 0.5 },
      metrics: { aux: ["accuracy"], main: "meanAbsoluteError" },
    });
    expect([network.inputNames, network.outputNames]).toEqual([["features"], ["main", "aux"]]);
    const scores = await network.evaluate({ features: x }, y);
    expect(Object.keys(scores)).toEqual(["loss", "main_loss", "aux_loss", "main_meanAbsoluteError", "aux_accuracy"]);
    const { main_loss: main, aux_loss: aux } = scores as unknown as Record<string, number>;
    expect(scores.loss).toBeCloseTo((main as number) + 0.5 * (aux as number), 6);
    expect(await network.evaluate(x, [y.main, y.aux])).toEqual(scores);
    const { history } = await network.fit(x, y, { epochs: 2, validationData: { x, y: { ...y } }, ...quiet });
    expect(Object.keys(history)).toContain("valAux_accuracy");
    expect(history.loss[1]).toBeLessThan(history.loss[0] as number);
  });

  test("keep their names, losses and weights in files", () => {
    const network = build();
    const copy = new Network(graphOf(JSON.parse(JSON.stringify(network.toConfig()))));
    expect(copy.outputNames).toEqual(["main", "aux"]);
    expect(JSON.stringify(copy.toConfig())).toBe(JSON.stringify(network.toConfig()));
  });

  test("without a loss are not trained and need no targets", async () => {
    const network = compiled({ loss: { aux: "sparseCategoricalCrossentropy" }, metrics: ["accuracy"] });
    const before = [...(network.getWeights()["dense_2/kernel"] ?? [])];
    const { history } = await network.fit(x, { aux: y.aux }, { epochs: 2, ...quiet });
    expect(Object.keys(history)).toEqual(["loss", "accuracy"]);
    expect([...(network.getWeights()["dense_2/kernel"] ?? [])]).toEqual(before);
    const listed = compiled({ loss: [null, "sparseCategoricalCrossentropy"], metrics: ["accuracy"] });
    expect((await listed.fit(x, y.aux, { epochs: 2, ...quiet })).history).toEqual(history);
  });

  test("are refused by wrong names, missing targets and wrong weights", async () => {
    const attempt = (options: object) => () => compiled(options);
    expect(attempt({ loss: { mian: "meanSquaredError" } })).toThrow(
      'unknown output in compile\'s losses: "mian". Expected one of main, aux. Fix: did you mean "main"?',
    );
    expect(attempt({ loss: {} })).toThrow("no loss for any output. Expected one for at least one of main, aux");
    expect(attempt({ loss: ["meanSquaredError"] })).toThrow(
      "1 losses. Expected one for each of the 2 outputs: main, aux",
    );
    expect(attempt({ lossWeights: { axu: 1 } })).toThrow('did you mean "aux"?');
    expect(attempt({ lossWeights: { aux: Number.NaN } })).toThrow("lossWeights.aux is NaN");
    expect(attempt({ lossWeights: [1, 2, 3] })).toThrow("got 3 lossWeights");
    expect(attempt({ lossWeights: 2 })).toThrow("lossWeights is 2");
    expect(attempt({ loss: { aux: "sparseCategoricalCrossentropy" }, lossWeights: { main: 2 } })).toThrow(
      "a loss weight for main, which has no loss",
    );
    expect(attempt({ loss: { aux: "sparseCategoricalCrossentropy" }, metrics: { main: ["r2"] } })).toThrow(
      "metrics for main, which has no loss",
    );
    const network = compiled();
    const train = (inputs: Data, targets: Data) => network.fit(inputs, targets, quiet);
    await expect(train(x, { main: y.main })).rejects.toThrow("y lacks the output aux. Expected 2 arrays");
    await expect(train(x, { ...y, axu: y.aux })).rejects.toThrow('unknown output in y: "axu"');
    await expect(train({ feature: x }, y)).rejects.toThrow('did you mean "features"?');
    await expect(train(x, y.main)).rejects.toThrow(
      /y is a list of 3. Expected a list of 2 arrays, .*: main, aux, or a record/,
    );
    await expect(train(x, { ...y, aux: [0, 1] })).rejects.toThrow("y.main has 3 samples and y.aux has 2");
    const input = layers.input({ shape: [1] });
    const twin = layers.dense(1)(input);
    expect(() => model({ inputs: input, outputs: [twin, twin] })).toThrow(
      'two outputs of the network are named "dense_1"',
    );
  });
});
