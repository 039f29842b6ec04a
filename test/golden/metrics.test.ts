import { expect, test } from "vitest";
import type { MetricSpec } from "../../src/nn/index.ts";
import { metricRegistry } from "../../src/nn/metric-registry.ts";
import type { Numbers } from "../../src/testing/index.ts";
import { forEachEngine } from "../../src/testing/index.ts";
import { metricJob } from "../../src/testing/metric-case.ts";
import { asTensor, casesFor, type GoldenArray, goldenFiles, groupBy, testGroups } from "./golden.ts";

interface GoldenBatch {
  readonly yTrue: GoldenArray;
  readonly yPred: GoldenArray;
  readonly sampleWeight?: GoldenArray;
}

interface GoldenMetric {
  readonly name: string;
  readonly metric: string;
  readonly options: Record<string, unknown>;
  /** Number of its data set. */
  readonly data: number;
  readonly result: Numbers;
}

/** A case's `data` is a number of a data set in the same file. */
const files = await goldenFiles<{ data: GoldenBatch[][]; cases: GoldenMetric[] }>("metrics");
const cases = files.flatMap(({ data, cases }) => cases.map((each) => ({ ...each, batches: data[each.data] ?? [] })));

test("every metric has golden numbers", () => {
  const covered = new Set(cases.map(({ metric }) => metric));
  expect(metricRegistry.names.filter((name) => !covered.has(name))).toEqual([]);
});

/** A dozen metrics make one program: compiling it takes most of the time. */
function shelf(metric: string): string {
  const names = metricRegistry.names.toSorted();
  const first = 12 * Math.floor(names.indexOf(metric) / 12);
  return `${names[first]} to ${names[Math.min(first + 11, names.length - 1)]}`;
}

await forEachEngine((engine) => {
  testGroups(
    engine,
    groupBy(
      casesFor(engine, cases, ({ metric }) => metric),
      ({ metric }) => shelf(metric),
    ),
    (golden) =>
      metricJob({
        metric: { kind: golden.metric, ...golden.options } as MetricSpec,
        batches: golden.batches.map(({ yTrue, yPred, sampleWeight }) => ({
          yTrue: asTensor(yTrue, yTrue.shape.length === 1 ? "int32" : "float32"),
          yPred: asTensor(yPred),
          sampleWeight: sampleWeight && asTensor(sampleWeight),
        })),
        expected: golden.result,
        rtol: engine === "reference" ? 1e-6 : 1e-5,
      }),
  );
});
