import { describe, expect, test } from "vitest";
import {
  activationNames,
  activations,
  layers,
  logitsOf,
  Network,
  registerActivation,
  resolveActivation,
} from "../../src/nn/index.ts";
import { gradCheck, tensor, zeros } from "../../src/tensor/index.ts";

const x = tensor([-3, -1, -0.25, 0.5, 2, 7]);
const valuesOf = async (spec: Parameters<typeof resolveActivation>[0]) => [
  ...(await resolveActivation(spec)(x).data()),
];

describe("an activation", () => {
  test.each(activationNames)("%s has right gradients, of first and second order", async (name) => {
    const point = tensor([[-2.5, -1.25, -0.25, 0.375, 1.75, 4.5]]); // between the kinks
    const { worst, detail } = await gradCheck(resolveActivation(name), [point], { order: 2, tolerance: 1e-4 });
    expect(worst, detail).toBeLessThan(1e-4);
  });

  test.each([
    "softplus",
    "squareplus",
    "mish",
    "silu",
    "gelu",
    "sigmoid",
    "logSigmoid",
    "tanh",
    "softsign",
    "elu",
    "celu",
  ] as const)("%s is smooth at 0, where new networks often are", async (name) => {
    const { worst, detail } = await gradCheck(resolveActivation(name), [zeros([2])], { tolerance: 1e-3 });
    expect(worst, detail).toBeLessThan(1e-3);
  });

  test("is given by name, by name with options, or as a function", async () => {
    const tanhs = await valuesOf("tanh");
    expect(await valuesOf({ kind: "tanh" })).toEqual(tanhs);
    expect(await valuesOf(activations.tanh)).toEqual(tanhs);
    expect(await valuesOf((x) => x.tanh())).toEqual(tanhs);
    expect(await valuesOf(undefined)).toEqual([...(await x.data())]);
    expect((await valuesOf({ kind: "leakyRelu", negativeSlope: 0.5 })).slice(0, 2)).toEqual([-1.5, -0.5]);
    expect(await valuesOf({ kind: "gelu", approximate: true })).not.toEqual(await valuesOf("gelu"));
  });

  test("with a name of one's own works by that name and in files", async () => {
    const square = registerActivation("square", (x) => x.mul(x));
    expect(registerActivation("square", square)).toBe(square);
    expect(() => registerActivation("square", (x) => x)).toThrow('"square" is the name of another activation already');
    expect(() => registerActivation("relu", (x) => x)).toThrow("already");
    expect(await valuesOf("square" as "relu")).toEqual([9, 1, 0.0625, 0.25, 4, 49]);
    const input = layers.input({ shape: [2] });
    const network = new Network({ inputs: [input], outputs: [layers.dense(1, { activation: square })(input)] });
    expect(network.toConfig().layers[1]?.options).toEqual({ units: 1, activation: "square" });
  });
});

describe("the logits behind probabilities", () => {
  test("are remembered for sigmoid, and for softmax over the last axis", () => {
    const z = zeros([2, 3]);
    expect(logitsOf(activations.sigmoid(z), "sigmoid")).toBe(z);
    expect(logitsOf(activations.softmax(z), "softmax")).toBe(z);
    expect(logitsOf(activations.softmax(z, { axis: 1 }), "softmax")).toBe(z);
    expect(logitsOf(activations.softmax(z, { axis: 0 }), "softmax")).toBeUndefined();
    expect(logitsOf(activations.softmax(z), "sigmoid")).toBeUndefined();
    expect(logitsOf(z.sigmoid(), "sigmoid")).toBeUndefined();
  });
});
