import { beforeAll, describe, expect, it, test } from "vitest";
import { backward } from "../../src/autodiff/index.ts";
import { type ConformanceCase, difference, type Engine, joinCases, opCases, runCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { DTYPES, isFloat, OPS, type TypedArray } from "../../src/ir/index.ts";
import { environment, HostRandom, hasNode } from "../../src/util/index.ts";
import { applySample, weighted } from "../ir/numeric.ts";
import { compiledEngines } from "./engines.ts";
import { ALL_OPS, evaluateTwice, opsOf, randomGraph } from "./random-graph.ts";

/** Of values of magnitude 1; long sums have their own samples within it. */
const TOLERANCE = 1e-5;
/** Gradients of sums are longer sums. */
const GRADIENT_TOLERANCE = 2e-5;
/** A page need not repeat all of what Node does. */
const GRAPHS = hasNode() ? 1000 : 400;
const GRAPHS_PER_PROGRAM = 40;

/** Ops that are given values at run time, or are none. */
const WITHOUT_SAMPLES = ["placeholder"];

/** The first derivatives of every sample that has some, with random weights of its output. */
function gradientCases(): ConformanceCase[] {
  const random = new HostRandom(5, 22);
  return OPS.filter(({ gradient }) => gradient !== null).flatMap((record) =>
    record.samples.flatMap((sample, i): ConformanceCase[] => {
      const { inputs, values, output } = applySample(record, sample);
      const floats = inputs.filter(({ dtype }) => isFloat(dtype));
      if (!isFloat(output.dtype) || floats.length === 0) return [];
      const name = `${record.name} ${i}`;
      const program = { name, inputs, state: [], outputs: backward(weighted(output, random), floats) };
      const given = values.map((each, k) => {
        const array = DTYPES[inputs[k]!.dtype].create(each.length);
        array.set(each);
        return array;
      });
      return [{ name, program, inputs: given }];
    }),
  );
}

test("every op but placeholders has samples", () => {
  expect(OPS.filter(({ samples }) => samples.length === 0).map(({ name }) => name)).toEqual(WITHOUT_SAMPLES);
});

const engines = await compiledEngines();

for (const engine of engines) {
  // A table without holes: every op on every engine.
  describe(`samples on ${engine.name} agree with reference`, () => {
    const wrong = new Map<string, string[]>();
    beforeAll(async () => {
      for (const [what, cases, tolerance] of [
        ["", opCases(OPS), TOLERANCE],
        ["gradient of ", gradientCases(), GRADIENT_TOLERANCE],
      ] as const) {
        const [found, expected] = [await outputsOf(engine, cases), await outputsOf(referenceEngine, cases)];
        cases.forEach(({ name }, i) => {
          const error = Math.max(...expected[i]!.map((values, k) => difference(found[i]![k]!, values)));
          const op = name.split(" ")[0]!;
          wrong.set(op, [...(wrong.get(op) ?? []), ...(error <= tolerance ? [] : [`${what}${name}: ${error}`])]);
        });
      }
    }, 120_000);

    it.each(OPS.map(({ name }) => [name]).filter(([name]) => !WITHOUT_SAMPLES.includes(name!)))("%s", (op) => {
      expect(wrong.get(op!)).toEqual([]);
    });
  });
}

const first = Number(environment("DESCENT_SEED") ?? 1);
describe(`${GRAPHS} random graphs, seeds from ${first} (DESCENT_SEED), agree with reference`, () => {
  const used = new Set<string>();
  const wrong = new Map(engines.map(({ name }) => [name, [] as string[]]));
  beforeAll(async () => {
    for (let start = 0; start < GRAPHS; start += GRAPHS_PER_PROGRAM) {
      const graphs = Array.from({ length: GRAPHS_PER_PROGRAM }, (_, i) => randomGraph(first + start + i));
      for (const name of opsOf(graphs)) used.add(name);
      const expected = engines.length > 0 ? graphs.map(evaluateTwice) : [];
      for (const engine of engines) {
        const found = await outputsOf(engine, graphs);
        expected.forEach(({ exact, rounded }, i) => {
          exact.forEach((values, output) => {
            const error = worst(found[i]![output]!, values, rounded[output]!);
            if (error) wrong.get(engine.name)!.push(`seed ${graphs[i]!.name}, output ${output}: ${error}`);
          });
        });
      }
    }
  }, 300_000);

  it.each(engines.map(({ name }) => [name]))("on %s", (name) => {
    expect(wrong.get(name!)).toEqual([]);
  });

  it("hold every op of the language", () => {
    expect(ALL_OPS.filter((name) => !used.has(name))).toEqual([]);
  });
});

/** Outputs of every case, computed as one program. */
async function outputsOf(engine: Engine, cases: readonly ConformanceCase[]): Promise<TypedArray[][]> {
  const outputs = (await runCase(engine, joinCases(cases))).values();
  return cases.map(({ program }) => program.outputs.map(() => outputs.next().value as TypedArray));
}

/**
 * The first element off by more than the tolerance plus eight times what rounding every op's result to float32 changes: a bound that
 * knows how well conditioned the graph is.
 */
function worst(found: ArrayLike<number>, exact: Float64Array, rounded: Float64Array): string | undefined {
  let spread = 0;
  for (let i = 0; i < exact.length; i++) spread = Math.max(spread, Math.abs(exact[i]! - rounded[i]!));
  for (let i = 0; i < exact.length; i++) {
    const allowed = TOLERANCE * Math.max(1, Math.abs(exact[i]!)) + 8 * spread;
    if (!(Math.abs(found[i]! - exact[i]!) <= allowed)) return `element ${i} is ${found[i]}, not ${exact[i]}`;
  }
  return undefined;
}
