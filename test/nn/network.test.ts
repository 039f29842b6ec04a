import { describe, expect, test } from "vitest";
import {
  chain,
  defineLayer,
  graphOf,
  type Layer,
  type LayerOptions,
  layers,
  moving,
  Network,
  registerLayer,
  type SymbolicTensor,
  trainable,
} from "../../src/nn/index.ts";
import { gradients, type Tensor, tensor } from "../../src/tensor/index.ts";

const paths = (network: Network) => network.weights.map(({ path }) => path);

async function predict(network: Network, ...x: Tensor[]) {
  const state = network.moving.length > 0 ? tensor(network.moving) : undefined;
  const { outputs } = network.forward(x, tensor(network.parameters), state, { training: false });
  return Promise.all(outputs.map((output) => output.array()));
}

const perceptron = () =>
  new Network(
    chain([
      layers.dense(10, { activation: "relu", inputShape: [2] }),
      layers.dense(5, { activation: "relu" }),
      layers.dense(1, { activation: "sigmoid" }),
    ]),
  );

describe("a network's layers", () => {
  test("are named by kind and number in the order of computation", () => {
    expect(perceptron().layers.map(({ path }) => path)).toEqual(["input_1", "dense_1", "dense_2", "dense_3"]);
    const named = chain([layers.dense(2, { inputShape: [1] }), layers.dense(2, { name: "dense_1" }), layers.dense(2)]);
    expect(new Network(named).layers.map(({ path }) => path)).toEqual(["input_1", "dense_2", "dense_1", "dense_3"]);
  });

  test("are the same, whichever way they are connected", async () => {
    const input = layers.input({ shape: [2] });
    const [a, b, c] = [
      layers.dense(10, { activation: "relu" }),
      layers.dense(5, { activation: "relu" }),
      layers.dense(1, { activation: "sigmoid" }),
    ];
    const network = new Network({ inputs: [input], outputs: [c(b(a(input)))] });
    const x = tensor([[0.5, -2]]);
    expect(await predict(network, x)).toEqual(await predict(perceptron(), x));
    const started = new Network(
      chain([layers.input({ shape: [2] }), layers.dense(10), layers.dense(5), layers.dense(1)]),
    );
    expect(paths(started)).toEqual(paths(network));
  });

  test("share their weights when applied twice", async () => {
    const [left, right] = [layers.input({ shape: [3] }), layers.input({ shape: [3] })];
    const shared = layers.dense(2, { name: "twin" });
    const network = new Network({ inputs: [left, right], outputs: [shared(left), shared(right)] });
    expect(paths(network)).toEqual(["twin/kernel", "twin/bias"]);
    const x = tensor([[1, 2, 3]]);
    const [a, b] = await predict(network, x, x);
    expect(a).toEqual(b);
  });

  test("may be a thousand deep, and branch", () => {
    const block = (x: SymbolicTensor) => layers.add()([x, layers.dense(2)(x)]);
    const input = layers.input({ shape: [2] });
    let x = input;
    for (let i = 0; i < 500; i++) x = block(x);
    const network = new Network({ inputs: [input], outputs: [x] });
    expect(network.layers).toHaveLength(1001);
    expect(network.layers.at(-1)?.path).toBe("add_500");
  });

  test("put their path into the graph, for errors and profiles", () => {
    const network = perceptron();
    const { layerOutputs } = network.forward([tensor([[1, 2]])], tensor(network.parameters), undefined, {
      training: false,
    });
    expect(Object.entries(layerOutputs).map(([path, output]) => [path, output.node.scope])).toEqual([
      ["dense_1", "dense_1"],
      ["dense_2", "dense_2"],
      ["dense_3", "dense_3"],
    ]);
  });
});

describe("a network's weights", () => {
  test("lie in two flat vectors", () => {
    const network = new Network(
      chain([layers.dense(3, { inputShape: [2] }), layers.batchNormalization(), layers.dense(1)]),
    );
    expect(
      network.weights.map(({ path, shape, trainable, offset, size }) => [path, shape, trainable, offset, size]),
    ).toEqual([
      ["dense_1/kernel", [2, 3], true, 0, 6],
      ["dense_1/bias", [3], true, 6, 3],
      ["batchNormalization_1/gamma", [3], true, 9, 3],
      ["batchNormalization_1/beta", [3], true, 12, 3],
      ["batchNormalization_1/movingMean", [3], false, 0, 3],
      ["batchNormalization_1/movingVariance", [3], false, 3, 3],
      ["dense_2/kernel", [3, 1], true, 15, 3],
      ["dense_2/bias", [1], true, 18, 1],
    ]);
    expect(network.parameters).toHaveLength(19);
    expect([...network.moving]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test("depend on the seed and their own path only", () => {
    const build = (parts: Layer[], seed: number) =>
      new Network(chain([layers.input({ shape: [4] }), ...parts]), { seed }).getWeights();
    const small = build([layers.dense(3, { name: "a" })], 7);
    const large = build([layers.dense(4, { name: "b" }), layers.dense(3, { name: "a" })], 7);
    expect(large["a/kernel"]).toEqual(small["a/kernel"]);
    expect(large["b/kernel"]?.slice(0, 12)).not.toEqual(small["a/kernel"]);
    expect(build([layers.dense(3, { name: "a" })], 8)["a/kernel"]).not.toEqual(small["a/kernel"]);
    expect(() => new Network(chain([layers.dense(1, { inputShape: [1] })]), { seed: 0.5 })).toThrow("seed 0.5");
    expect(() => new Network(chain([layers.dense(1, { inputShape: [1] })]), { sed: 1 } as never)).toThrow(
      'did you mean "seed"?',
    );
  });

  test("are read and written by their paths", () => {
    const network = perceptron();
    const copy = new Network(graphOf(network.toConfig()), { seed: 99 });
    copy.setWeights(network.getWeights());
    expect(copy.parameters).toEqual(network.parameters);
    const views = network.getWeights();
    (views["dense_3/bias"] as Float32Array)[0] = 42;
    expect(network.parameters.at(-1)).toBe(42);
    const { "dense_3/bias": _, ...rest } = views;
    expect(() => network.setWeights(rest)).toThrow("setWeights got no values for dense_3/bias");
    expect(() => network.setWeights({ ...views, "dense_3/bia": [1] })).toThrow('did you mean "dense_3/bias"?');
    expect(() => network.setWeights({ ...views, "dense_1/kernel": [1, 2] })).toThrow(
      "got 2 values for dense_1/kernel. Expected 20, for its shape [2, 10]",
    );
  });

  test("move to other memory and stay what they are", () => {
    const network = perceptron();
    const before = network.parameters.slice();
    const memory = new Float32Array(network.parameters.length);
    network.moveTo({ parameters: memory, moving: new Float32Array(0), frozen: new Float32Array(0) });
    expect(network.parameters).toBe(memory);
    expect(memory).toEqual(before);
    memory[0] = 5;
    expect(network.getWeights()["dense_1/kernel"]?.[0]).toBe(5);
  });

  test("get gradients, one by one or as the flat vector", async () => {
    const network = perceptron();
    const parameters = tensor(network.parameters);
    const { outputs, weights } = network.forward(
      [
        tensor([
          [1, -1],
          [0.5, 2],
        ]),
      ],
      parameters,
      undefined,
      { training: true },
    );
    const loss = (outputs[0] as Tensor).sum();
    const [flat] = gradients(loss, [parameters]) as [Tensor];
    const names = paths(network);
    const each = gradients(
      loss,
      names.map((path) => weights[path] as Tensor),
    );
    const packed = network.packParameters(Object.fromEntries(names.map((path, i) => [path, each[i] as Tensor])));
    expect(await packed.data()).toEqual(await flat.data());
  });
});

describe("summary", () => {
  test("is a table of layers, shapes and parameters", () => {
    const network = new Network(
      chain([
        layers.conv2d(8, 3, { inputShape: [28, 28, 1], activation: "relu" }),
        layers.batchNormalization(),
        layers.flatten(),
        layers.dense(10, { name: "digits" }),
      ]),
      { name: "reader" },
    );
    expect(network.summary()).toBe(
      [
        'Model "reader"',
        "┌───────────────────────────────────────────┬────────────────────┬────────────┐",
        "│ Layer                                     │ Output shape       │ Parameters │",
        "├───────────────────────────────────────────┼────────────────────┼────────────┤",
        "│ input_1 (input)                           │ [batch, 28, 28, 1] │          0 │",
        "│ conv2d_1 (conv2d)                         │ [batch, 26, 26, 8] │         80 │",
        "│ batchNormalization_1 (batchNormalization) │ [batch, 26, 26, 8] │         32 │",
        "│ flatten_1 (flatten)                       │ [batch, 5408]      │          0 │",
        "│ digits (dense)                            │ [batch, 10]        │     54,090 │",
        "└───────────────────────────────────────────┴────────────────────┴────────────┘",
        "Parameters: 54,202 (211.7 KiB)",
        " trainable: 54,186 (211.7 KiB)",
        " not trainable: 16 (64 B)",
      ].join("\n"),
    );
  });

  test("says what flows where when layers branch", () => {
    const input = layers.input({ shape: [2] });
    const shared = layers.dense(2);
    const network = new Network({ inputs: [input], outputs: [layers.add()([shared(shared(input)), input])] });
    expect(network.summary()).toContain("│ Receives");
    expect(network.summary()).toMatch(/│ dense_1 \(dense\) +│ \[batch, 2\] +│ +6 │ input_1, dense_1 +│/);
  });
});

describe("a network's structure in a file", () => {
  const roundTrip = (network: Network) => {
    const text = JSON.stringify(network.toConfig());
    const copy = new Network(graphOf(JSON.parse(text)));
    expect(JSON.stringify(copy.toConfig())).toBe(text);
    return copy;
  };

  test("keeps branches, shared layers, several inputs and outputs", async () => {
    const [a, b] = [layers.input({ shape: [3] }), layers.input({ shape: [3], name: "second" })];
    const shared = layers.dense(3, { activation: "tanh" });
    const sum = layers.add()([shared(a), shared(shared(b))]);
    const network = new Network({ inputs: [a, b], outputs: [layers.dense(2)(sum), shared(sum)] });
    const copy = roundTrip(network);
    const x = [tensor([[1, 2, 3]]), tensor([[-1, 0.5, 2]])];
    expect(await predict(copy, ...x)).toEqual(await predict(network, ...x));
  });

  test("holds registered layers, and says how to register others", async () => {
    const double = registerLayer("double", () => layers.lambda((x) => x.mul(2)));
    const times = registerLayer("times", (options: LayerOptions & { factor?: number }) =>
      defineLayer({
        kind: "times",
        options,
        outputShape: (input) => input,
        weights: (input) => ({
          factor: trainable(input, { kind: "constant", value: options.factor ?? 3 }),
          seen: moving([1], "zeros"),
        }),
        call: (x, { factor, seen }, { training, update }) => {
          if (training) update("seen", seen.add(1));
          return x.mul(factor);
        },
      }),
    );
    const network = new Network(chain([layers.input({ shape: [1] }), double(), times({ factor: 5, name: "five" })]));
    expect(network.layers.map(({ path }) => path)).toEqual(["input_1", "double_1", "five"]);
    expect(await predict(roundTrip(network), tensor([[1]]))).toEqual([[[10]]]);
    const { state } = network.forward([tensor([[1]])], tensor(network.parameters), tensor(network.moving), {
      training: true,
    });
    expect(await state?.array()).toEqual([1]);

    const shifted = registerLayer("shifted", ({ by = 1 }: LayerOptions & { by?: number } = {}) =>
      layers.lambda((x) => x.add(by)),
    );
    const padded = registerLayer("padded", ({ by }: LayerOptions & { by: number }) => layers.lambda((x) => x.add(by)));
    // @ts-expect-error: an option that the factory does not know
    expect(shifted({ bye: 2 }).definition.options).toEqual({ bye: 2 });
    // @ts-expect-error: an option that must be given
    expect(padded().definition.options).toEqual({});
    expect(
      [shifted(), shifted({ by: 2 }), padded({ by: 3, name: "three" })].map(({ definition }) => definition.kind),
    ).toEqual(["shifted", "shifted", "padded"]);

    const foreign = (layer: Layer) => () => new Network(chain([layers.input({ shape: [1] }), layer])).toConfig();
    expect(foreign(layers.lambda((x) => x))).toThrow("lambda_1.function is a custom function, which a file can't hold");
    expect(foreign(layers.lambda((x) => x))).toThrow('registerLayer("mine", () => layers.lambda(f))');
    expect(foreign(layers.dense(1, { activation: (x) => x }))).toThrow("dense_1.activation is a custom function");
    expect(foreign(layers.dense(1, { activation: (x) => x }))).toThrow("registerActivation");
    expect(foreign(layers.dense(1, { biasInitializer: () => [1] }))).toThrow("registerInitializer");
  });

  test("is refused when it is damaged", () => {
    const config = perceptron().toConfig();
    const damaged =
      (change: (copy: { layers: Record<string, unknown>[]; inputs: unknown; outputs: unknown }) => void) => () => {
        const copy = structuredClone(config) as never;
        change(copy);
        return graphOf(copy);
      };
    expect(() => graphOf(null as never)).toThrow("this is no network's structure");
    expect(
      damaged((copy) => {
        copy.outputs = 3;
      }),
    ).toThrow("this is no network's structure");
    expect(
      damaged((copy) => {
        copy.outputs = ["dense_9"];
      }),
    ).toThrow('the list of outputs refers to "dense_9", which no layer gives');
    expect(
      damaged((copy) => {
        copy.layers.splice(1, 1);
      }),
    ).toThrow('layer "dense_2" refers to "dense_1"');
    expect(
      damaged((copy) => {
        delete copy.layers[1]?.["kind"];
      }),
    ).toThrow("layer 2 of the structure is damaged");
    expect(
      damaged((copy) => {
        Object.assign(copy.layers[1] as object, { kind: "dens" });
      }),
    ).toThrow('did you mean "dense"?');
    expect(
      damaged((copy) => {
        Object.assign(copy.layers[1] as object, { name: "dense_2" });
      }),
    ).toThrow('two layers of the structure are named "dense_2"');
    expect(
      damaged((copy) => {
        Object.assign(copy.layers[1] as object, { calls: [["dense_3"]] });
      }),
    ).toThrow("refers to");
    expect(
      damaged((copy) => {
        Object.assign(copy.layers[1] as object, { options: { units: -1 } });
      }),
    ).toThrow("units = -1");
  });
});
