import { describe, expect, it } from "vitest";
import { difference, joinCases, opCases, runCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { OPS } from "../../src/ir/index.ts";
import { environment } from "../../src/util/index.ts";
import { compiledEngines } from "./engines.ts";
import { ALL_OPS, evaluateTwice, opsOf, randomGraph } from "./random-graph.ts";

/** Of values of magnitude 1; long sums have their own samples within it. */
const TOLERANCE = 1e-5;
const GRAPHS = 1000;
const GRAPHS_PER_PROGRAM = 40;

for (const engine of await compiledEngines()) {
  describe(`${engine.name} agrees with reference`, () => {
    const cases = opCases(OPS.filter(({ samples }) => samples.length > 0));

    it("on every sample of every op", { timeout: 120_000 }, async () => {
      const joined = joinCases(cases);
      const [found, expected] = [await runCase(engine, joined), await runCase(referenceEngine, joined)];
      const wrong = cases.filter((_, i) => !(difference(found[i]!, expected[i]!) <= TOLERANCE));
      expect(wrong.map(({ name }) => name)).toEqual([]);
      expect(found.length).toBe(cases.length);
    });

    it("has a sample of every op but placeholders", () => {
      expect(OPS.filter(({ samples }) => samples.length === 0).map(({ name }) => name)).toEqual(["placeholder"]);
    });

    const first = Number(environment("DESCENT_SEED") ?? 1);
    it(`on ${GRAPHS} random graphs, seeds from ${first} (DESCENT_SEED)`, { timeout: 300_000 }, async () => {
      const used = new Set<string>();
      const wrong: string[] = [];
      for (let start = 0; start < GRAPHS; start += GRAPHS_PER_PROGRAM) {
        const graphs = Array.from({ length: GRAPHS_PER_PROGRAM }, (_, i) => randomGraph(first + start + i));
        for (const name of opsOf(graphs)) used.add(name);
        const found = await runCase(engine, joinCases(graphs));
        let at = 0;
        for (const graph of graphs) {
          const { exact, rounded } = evaluateTwice(graph);
          exact.forEach((values, output) => {
            const error = worst(found[at++]!, values, rounded[output]!);
            if (error) wrong.push(`seed ${graph.name}, output ${output}: ${error}`);
          });
        }
      }
      expect(wrong).toEqual([]);
      // Nothing of the language is left out.
      expect(ALL_OPS.filter((name) => !used.has(name))).toEqual([]);
    });
  });
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
