import { expect, test } from "vitest";
import { Reach } from "../../src/passes/reach.ts";
import fc from "../tools/properties.ts";

test("knows what depends on what as a search through the graph does, after every new edge", () => {
  // Edges from the later to the earlier in some order of the members, so that there are no circles.
  const graphs = fc.integer({ min: 1, max: 80 }).chain((size) =>
    fc.tuple(
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, i) => i),
        { minLength: size },
      ),
      fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 2 * size }),
    ),
  );
  fc.assert(
    fc.property(graphs, ([order, pairs]) => {
      const reach = new Reach();
      const numbers = order.map(() => reach.add());
      const edges = order.map((): number[] => []);
      const search = (from: number, seen = new Set<number>()): Set<number> => {
        if (!seen.has(from)) {
          seen.add(from);
          for (const to of edges[from]!) search(to, seen);
        }
        return seen;
      };
      for (const [a, b] of pairs) {
        if (a === b) continue;
        const [from, to] = [order[Math.max(a, b)]!, order[Math.min(a, b)]!];
        edges[from]!.push(to);
        reach.link(from, to);
      }
      for (const from of numbers) {
        const found = search(from);
        for (const to of numbers) expect(reach.has(from, to)).toBe(found.has(to));
      }
    }),
  );
});
