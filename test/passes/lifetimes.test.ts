import { describe, expect, it } from "vitest";
import { CASES, prepared } from "../../bench/suite/cases.ts";
import { losses } from "../../src/index.ts";
import { ALIGNMENT } from "../../src/passes/arena.ts";
import { touchesOf } from "../../src/passes/hazards.ts";
import { compileKernels, type KernelProgram } from "../../src/passes/index.ts";
import { aliveBytes, blocksOf, type Touching } from "../../src/passes/lifetimes.ts";
import { dependencies, leastAliveBytes, orderForMemory } from "../../src/passes/order.ts";
import { randomGraph } from "../engine/random-graph.ts";
import { recordFirst } from "./recorded.ts";

const FIRST = process.env.DESCENT_SEED ? Number(process.env.DESCENT_SEED) : 1;

const touching = ({ steps, buffers }: KernelProgram): Touching[] =>
  steps.map(({ kernel }) => ({ kernel, touches: touchesOf(kernel, buffers) }));

const randomPrograms = Array.from({ length: 100 }, (_, i) => ({
  seed: FIRST + i,
  program: compileKernels(randomGraph(FIRST + i).program).program,
}));

describe(`memory of 100 random graphs, seeds from ${FIRST} (DESCENT_SEED)`, () => {
  it("is what is alive at once, and at most a quarter more but for the places' alignment", () => {
    for (const { seed, program } of randomPrograms) {
      const { buffers, arenaBytes, liveBytes } = program;
      const steps = touching(program);
      expect(liveBytes, `seed ${seed}`).toBe(aliveBytes(blocksOf(steps, buffers), steps.length));
      expect(arenaBytes, `seed ${seed}`).toBeGreaterThanOrEqual(liveBytes);
      expect(arenaBytes, `seed ${seed}`).toBeLessThanOrEqual(1.25 * liveBytes + ALIGNMENT * buffers.length);
      expect(leastAliveBytes(steps, buffers), `seed ${seed}`).toBeLessThanOrEqual(liveBytes);
    }
  });

  it("is never more in the order for memory, in which whoever waits for somebody still comes after", () => {
    for (const { seed, program } of randomPrograms) {
      const { buffers } = program;
      const steps = touching(program);
      const ordered = orderForMemory(steps, buffers);
      const alive = (each: readonly Touching[]) => aliveBytes(blocksOf(each, buffers), each.length);
      expect(alive(ordered), `seed ${seed}`).toBeLessThanOrEqual(alive(steps));
      const places = new Map(ordered.map((step, i) => [step, i]));
      expect(places.size, `seed ${seed}`).toBe(steps.length);
      dependencies(steps, buffers).forEach((before, i) => {
        for (const j of before) expect(places.get(steps[j]!)).toBeLessThan(places.get(steps[i]!)!);
      });
    }
  });

  it("holds no two values in one place at a time, but where one is made of the other element by element", () => {
    for (const { seed, program } of randomPrograms) {
      const { buffers } = program;
      const blocks = blocksOf(touching(program), buffers);
      const placed = blocks.map((block) => {
        const { place } = buffers[block.buffers[0]!]!;
        if (place.kind !== "arena") throw new Error("a block outside the arena");
        for (const each of block.buffers) expect(buffers[each]!.place, `seed ${seed}`).toEqual(place);
        return { ...block, offset: place.offset };
      });
      placed.forEach((a, i) => {
        for (const b of placed.slice(0, i)) {
          const together = a.first <= b.last && b.first <= a.last;
          const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
          expect(!together || apart || a.bytes === 0 || b.bytes === 0, `seed ${seed}`).toBe(true);
        }
      });
    }
  });
});

describe("memory of the benchmark's training steps", () => {
  it.each(CASES.map((suite) => [suite.name, suite] as const))(
    "%s takes at most 1.25 times what is alive at once",
    async (_, suite) => {
      const loss =
        suite.loss === "crossEntropy" ? losses.sparseCategoricalCrossentropy({ fromLogits: true }) : suite.loss;
      const network = suite.build().compile({ optimizer: suite.optimizer.kind, loss, engine: "reference" });
      const { x, y } = prepared(suite, suite.batch);
      const graph = await recordFirst(() => network.fit(x, y, { batchSize: suite.batch, epochs: 1, verbose: 0 }));
      const { arenaBytes, liveBytes, buffers } = compileKernels(graph).program;
      expect(arenaBytes).toBeLessThanOrEqual(1.25 * liveBytes + ALIGNMENT * buffers.length);
    },
  );
});
