import { describe, expect, test } from "vitest";
import { EXAMPLES } from "../../examples/all.ts";
import * as architectures from "../../src/architectures/index.ts";
import { Model } from "../../src/train/index.ts";
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

class Caught extends Error {
  constructor(readonly model: Model) {
    super("caught before it is trained");
  }
}

/** The model that an example trains first. */
async function modelOf(run: () => Promise<unknown>): Promise<Model> {
  const { fit } = Model.prototype;
  Model.prototype.fit = async function caught(this: Model) {
    throw new Caught(this);
  };
  try {
    await run();
  } catch (error) {
    if (error instanceof Caught) return error.model;
    throw error;
  } finally {
    Model.prototype.fit = fit;
  }
  throw new Error("it trains nothing");
}

describe("the network of an example as ONNX Runtime computes it", () => {
  test.each(Object.keys(EXAMPLES))("%s", async (name) => {
    const run = name === "gpt" ? () => import("../../examples/gpt.ts") : EXAMPLES[name]?.run;
    await expectSameAsOnnx(await modelOf(async () => run?.(1)), 1e-5, [2]);
  });
});
