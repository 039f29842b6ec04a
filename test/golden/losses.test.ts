import { describe, expect, test } from "vitest";
import type { ActivationSpec, LossSpec } from "../../src/nn/index.ts";
import { lossRegistry } from "../../src/nn/loss-registry.ts";
import { type Nested, tensor } from "../../src/tensor/index.ts";
import { availableEngines, forEachEngine, lossCase } from "../../src/testing/index.ts";
import { lossJob } from "../../src/testing/loss-case.ts";
import { asTensor, casesFor, type GoldenArray, golden, groupBy, testGroups } from "./golden.ts";

interface GoldenLoss {
  readonly name: string;
  readonly loss: string;
  readonly options: Record<string, unknown>;
  readonly activation?: ActivationSpec;
  readonly yTrue: GoldenArray;
  readonly yPred: GoldenArray;
  /** [batch, places]: 0 for padding. `perSample` knows nothing of it, and is left out then. */
  readonly mask?: GoldenArray;
  readonly perSample?: GoldenArray;
  readonly mean: GoldenArray;
  readonly gradient: GoldenArray;
  readonly sampleWeight: GoldenArray;
  readonly weighted: GoldenArray;
  readonly weightedGradient: GoldenArray;
}

const { cases } = await golden<{ cases: GoldenLoss[] }>("losses");

test("every loss has golden numbers", () => {
  const covered = new Set(cases.map(({ loss }) => loss));
  expect(lossRegistry.names.filter((name) => !covered.has(name))).toEqual([]);
});

/** Some losses make one program: compiling it takes most of the time. */
function shelf(loss: string): string {
  const names = lossRegistry.names.toSorted();
  const first = 5 * Math.floor(names.indexOf(loss) / 5);
  return `${names[first]} to ${names[Math.min(first + 4, names.length - 1)]}`;
}

await forEachEngine((engine) => {
  testGroups(
    engine,
    groupBy(
      casesFor(engine, cases, ({ loss }) => loss),
      ({ loss }) => shelf(loss),
    ),
    (golden) =>
      lossJob({
        loss: { kind: golden.loss, ...golden.options } as LossSpec,
        activation: golden.activation,
        yTrue: asTensor(golden.yTrue, golden.loss.startsWith("sparse") ? "int32" : "float32"),
        yPred: asTensor(golden.yPred),
        sampleWeight: asTensor(golden.sampleWeight),
        mask: golden.mask && asTensor(golden.mask),
        expected: {
          ...(golden.perSample && { perSample: golden.perSample.data }),
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

describe.each(await availableEngines())("probabilities of exactly 0 and 1 on %s", (engine) => {
  // Clipped to [1e-7, 1 - 1e-7] as in Keras: -log 1e-7 = 16.118; in float32 the upper bound is 1 - 1.19e-7, so -log 1.19e-7 = 15.94.
  const LARGEST = [15.9, 16.2] as const;
  const HALF = [0.69, 0.7] as const;
  const ZERO = [0, 2e-7] as const;
  const binary = { yTrue: [[1], [0], [0], [1], [1]], yPred: [[0], [1], [0], [1], [0.5]] };
  const rows = [
    [0, 1],
    [1, 0],
    [0, 1],
    [1, 0],
    [0.5, 0.5],
  ];
  const bounds = [LARGEST, LARGEST, ZERO, ZERO, HALF];

  test.each<[LossSpec, { yTrue: Nested; yPred: Nested }]>([
    ["binaryCrossentropy", binary],
    [
      "categoricalCrossentropy",
      {
        yTrue: [
          [1, 0],
          [0, 1],
          [0, 1],
          [1, 0],
          [1, 0],
        ],
        yPred: rows,
      },
    ],
    ["sparseCategoricalCrossentropy", { yTrue: [0, 1, 1, 0, 0], yPred: rows }],
  ])("%s and its gradient stay finite", async (loss, { yTrue, yPred }) => {
    const { perSample, gradient } = await lossCase({
      loss,
      yTrue: tensor(yTrue),
      yPred: tensor(yPred),
      engines: [engine],
    });
    bounds.forEach(([low, high], i) => {
      expect(perSample.data[i]).toBeGreaterThanOrEqual(low);
      expect(perSample.data[i]).toBeLessThanOrEqual(high);
    });
    for (const slope of gradient.data) expect(Number.isFinite(slope)).toBe(true);
  });
});
