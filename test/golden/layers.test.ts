import { expect, test } from "vitest";
import { createLayer } from "../../src/nn/index.ts";
import { layerRegistry } from "../../src/nn/layer-registry.ts";
import { forEachEngine } from "../../src/testing/index.ts";
import { layerJob } from "../../src/testing/layer-case.ts";
import { asTensor, casesFor, type GoldenArray, golden, groupBy, testGroups } from "./golden.ts";

interface GoldenLayer {
  readonly name: string;
  readonly layer: string;
  readonly options: Record<string, unknown>;
  readonly training: boolean;
  readonly inputs: GoldenArray[];
  /** Which places of the first input count. */
  readonly mask?: GoldenArray;
  readonly weights: Record<string, GoldenArray>;
  readonly cotangent: GoldenArray;
  readonly output: GoldenArray;
  /** What the layer adds to the loss. */
  readonly loss?: GoldenArray;
  readonly inputGradients: GoldenArray[];
  readonly weightGradients: Record<string, GoldenArray>;
  readonly updates?: Record<string, GoldenArray>;
}

/** Layers without numbers of their own: where data enters, and what the user writes. */
const WITHOUT_NUMBERS = ["input", "lambda"];

const { cases } = await golden<{ cases: GoldenLayer[] }>("layers");

const firstOfLayer = new Set([...groupBy(cases, ({ layer }) => layer).values()].map(([first]) => first?.name));

test("every layer has golden numbers", () => {
  const covered = new Set([...cases.map(({ layer }) => layer), ...WITHOUT_NUMBERS]);
  expect(layerRegistry.names.filter((name) => !covered.has(name))).toEqual([]);
});

await forEachEngine((engine) => {
  testGroups(
    engine,
    groupBy(
      casesFor(engine, cases, ({ layer }) => layer),
      ({ layer }) => layer,
    ),
    (golden) =>
      layerJob(
        {
          layer: createLayer(golden.layer, golden.options),
          training: golden.training,
          inputs: golden.inputs.map((input) => asTensor(input)),
          mask: golden.mask && asTensor(golden.mask),
          weights: tensors(golden.weights),
          cotangent: asTensor(golden.cotangent),
          expected: {
            output: golden.output.data,
            ...(golden.loss && { loss: golden.loss.data }),
            inputGradients: golden.inputGradients.map(({ data }) => data),
            weightGradients: numbers(golden.weightGradients),
            updates: numbers(golden.updates ?? {}),
          },
          // The reference engine computes in float64 and rounds once; elsewhere float32 holds 1e-5.
          rtol: engine === "reference" ? 1e-6 : 1e-5,
        },
        // The C of all cases' laws takes minutes: on native, the first case of each layer has them.
        engine !== "native" || firstOfLayer.has(golden.name),
      ),
  );
});

function tensors(arrays: Record<string, GoldenArray>) {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, asTensor(array)]));
}

function numbers(arrays: Record<string, GoldenArray>) {
  return Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data]));
}
