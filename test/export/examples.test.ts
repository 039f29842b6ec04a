import { describe, expect, test } from "vitest";
import { EXAMPLES } from "../../examples/all.ts";
import * as architectures from "../../src/architectures/index.ts";
import type { Model } from "../../src/train/index.ts";
import { golden } from "../golden/golden.ts";
import { expectSameAsOnnx } from "./onnx-runtime.ts";

type Name = keyof typeof architectures;

const factories: Record<Name, (options: Record<string, unknown>) => Model> = { ...architectures };
const { cases } = await golden<{ cases: { factory: Name; options: Record<string, unknown> }[] }>("architectures");

describe("an architecture, small, as ONNX Runtime computes it", () => {
  test.each(Object.keys(factories) as Name[])("%s", async (name) => {
    // The four depths of VGG and the three of ResNet are made by one function; some of each have a small case.
    const options = cases.find(({ factory }) => factory === name)?.options ?? similar(name);
    await expectSameAsOnnx(factories[name](options), 1e-5, [2]);
  });
});

function similar(name: Name): Record<string, unknown> {
  const family = cases.find(({ factory }) => factory.slice(0, 3) === name.slice(0, 3));
  expect(family, `a small case of ${name}'s family`).toBeDefined();
  return family?.options ?? {};
}

/** The networks of the examples, with as many tokens as few texts have. */
const NETWORKS: Record<string, () => Promise<Model>> = {
  article: async () => (await import("../../examples/article.ts")).network(1),
  xor: async () => (await import("../../examples/xor.ts")).network(1),
  "linear-regression": async () => (await import("../../examples/linear-regression.ts")).network(1),
  "two-spirals": async () => (await import("../../examples/two-spirals.ts")).network(1),
  digits: async () => (await import("../../examples/digits-network.ts")).network(1),
  "weather, lstm": () => weather("lstm"),
  "weather, temporal": () => weather("temporal"),
  lora: async () => (await import("../../examples/lora.ts")).network(1),
  vae: async () => (await import("../../examples/vae.ts")).network(1),
  unet: async () => (await import("../../examples/unet.ts")).network(1),
  documentation: async () => (await import("../../examples/documentation.ts")).network(3001, 1),
  dates: async () => (await import("../../examples/dates.ts")).network(60, 1),
  optimizers: async () => (await import("../../examples/optimizers.ts")).network(1),
  gpt: async () => (await import("../../examples/gpt-network.ts")).network(100, 64, 1),
  "digits-folds": async () => (await import("../../examples/digits-folds.ts")).network(1),
};

async function weather(kind: string): Promise<Model> {
  const { network } = await import("../../examples/weather.ts");
  const days = (width: number) =>
    Array.from({ length: 40 }, (_, i) => Array.from({ length: width }, (_, k) => 9 + Math.sin(3 * i + k)));
  return network(kind, days(6), days(7), 1);
}

describe("the network of an example as ONNX Runtime computes it", () => {
  test("is that of every example", async () => {
    const { KINDS } = await import("../../examples/weather.ts");
    const expected = Object.keys(EXAMPLES).flatMap((name) =>
      name === "weather" ? KINDS.map((kind) => `${name}, ${kind}`) : name,
    );
    expect(Object.keys(NETWORKS)).toEqual(expected);
  });

  test.each(Object.entries(NETWORKS))("%s", async (_, network) => {
    await expectSameAsOnnx(await network(), 1e-5, [2]);
  });
});
