import { beforeAll, describe, expect, it, test } from "vitest";
import { OPS } from "../../src/ir/index.ts";
import { environment, hasNode } from "../../src/util/index.ts";
import { compiledEngines } from "./engines.ts";
import { ALL_OPS, evaluateTwice, opsOf, randomGraph } from "./random-graph.ts";
import { outputsOf, TOLERANCE, wrongSamples } from "./samples.ts";

/** All of them with DESCENT_CASES=all, as in CI, since a C compiler takes a minute; a page need not repeat what Node does. */
const GRAPHS = !hasNode() ? 200 : environment("DESCENT_CASES") === "all" ? 1000 : 400;
const GRAPHS_PER_PROGRAM = 40;

/** Ops that are given values at run time, or are none. */
const WITHOUT_SAMPLES = ["placeholder"];

test("every op but placeholders has samples", () => {
  expect(OPS.filter(({ samples }) => samples.length === 0).map(({ name }) => name)).toEqual(WITHOUT_SAMPLES);
});

const engines = await compiledEngines();

for (const engine of engines) {
  // A table without holes: every op on every engine.
  describe(`samples on ${engine.name} agree with reference`, () => {
    let wrong: Map<string, string[]>;
    beforeAll(async () => {
      wrong = await wrongSamples(engine);
    }, 300_000);

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
  }, 900_000);

  it.each(engines.map(({ name }) => [name]))("on %s", (name) => {
    expect(wrong.get(name!)).toEqual([]);
  });

  it("hold every op of the language", () => {
    expect(ALL_OPS.filter((name) => !used.has(name))).toEqual([]);
  });
});

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
