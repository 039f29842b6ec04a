import { expect, test } from "vitest";
import type { ActivationSpec, LossSpec } from "../../src/nn/index.ts";
import { lossRegistry } from "../../src/nn/loss-registry.ts";
import { forEachEngine } from "../../src/testing/index.ts";
import { lossJob } from "../../src/testing/loss-case.ts";
import { asTensor, type GoldenArray, golden, groupBy, testGroups } from "./golden.ts";

interface GoldenLoss {
  readonly name: string;
  readonly loss: string;
  readonly options: Record<string, unknown>;
  readonly activation?: ActivationSpec;
  readonly yTrue: GoldenArray;
  readonly yPred: GoldenArray;
  readonly perSample: GoldenArray;
  readonly mean: GoldenArray;
  readonly gradient: GoldenArray;
  readonly sampleWeight: GoldenArray;
  readonly weighted: GoldenArray;
  readonly weightedGradient: GoldenArray;
}

const { cases } = golden<{ cases: GoldenLoss[] }>("losses");

test("every loss has golden numbers", () => {
  const covered = new Set(cases.map(({ loss }) => loss));
  expect(lossRegistry.names.filter((name) => !covered.has(name))).toEqual([]);
});

await forEachEngine((engine) => {
  testGroups(
    engine,
    groupBy(cases, ({ loss }) => loss),
    (golden) =>
      lossJob({
        loss: { kind: golden.loss, ...golden.options } as LossSpec,
        activation: golden.activation,
        yTrue: asTensor(golden.yTrue, golden.loss.startsWith("sparse") ? "int32" : "float32"),
        yPred: asTensor(golden.yPred),
        sampleWeight: asTensor(golden.sampleWeight),
        expected: {
          perSample: golden.perSample.data,
          mean: golden.mean.data,
          gradient: golden.gradient.data,
          weighted: golden.weighted.data,
          weightedGradient: golden.weightedGradient.data,
        },
        // Near zero: float32's step at 1 is 1.2e-7, and a loss is a sum of a few such terms.
        ...(engine === "reference" ? { rtol: 1e-6, atol: 1e-9 } : { rtol: 1e-5, atol: 5e-7 }),
      }),
  );
});
