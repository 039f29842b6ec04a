import { describe, expect, it } from "vitest";
import { ALIGNMENT, alignmentOf, type Lifetime, planArena } from "../../src/passes/arena.ts";
import fc from "../tools/properties.ts";

const round = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The most bytes needed at one step: no plan can do with less. */
function mostAlive(blocks: readonly Lifetime[]): number {
  const steps = [...new Set(blocks.map(({ first }) => first))];
  const alive = (step: number) => blocks.filter(({ first, last }) => first <= step && step <= last);
  return Math.max(0, ...steps.map((step) => alive(step).reduce((sum, { bytes }) => sum + bytes, 0)));
}

const block = fc
  .record({ bytes: fc.oneof(fc.nat(300), fc.nat(100_000)), first: fc.nat(40), length: fc.oneof(fc.nat(3), fc.nat(40)) })
  .map(({ bytes, first, length }): Lifetime => ({ bytes, first, last: first + length }));

describe("the arena's plan", () => {
  it("never puts two blocks that are alive at one time in the same place", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 60 }), (blocks) => {
        const { offsets, bytes } = planArena(blocks);
        expect(offsets.length).toBe(blocks.length);
        blocks.forEach((a, i) => {
          expect(offsets[i]! % alignmentOf(a.bytes)).toBe(0);
          expect(offsets[i]!).toBeGreaterThanOrEqual(0);
          expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
          blocks.slice(0, i).forEach((b, j) => {
            const together = a.first <= b.last && b.first <= a.last;
            const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
            expect(!together || apart || a.bytes === 0 || b.bytes === 0).toBe(true);
          });
        });
      }),
      { numRuns: 300 },
    );
  });

  it("takes no less than what is alive at once and no more than everything", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 60 }), (blocks) => {
        const { bytes } = planArena(blocks);
        expect(bytes).toBeGreaterThanOrEqual(mostAlive(blocks));
        expect(bytes).toBeLessThanOrEqual(blocks.reduce((sum, each) => sum + round(each.bytes), 0));
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what is smaller than a cache line within one", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 60 }), (blocks) => {
        const { offsets } = planArena(blocks);
        const lineOf = (place: number) => Math.floor(place / ALIGNMENT);
        blocks.forEach(({ bytes }, i) => {
          const [first, last] = [offsets[i]!, offsets[i]! + bytes - 1];
          if (bytes > 0 && bytes <= ALIGNMENT) expect(lineOf(last)).toBe(lineOf(first));
        });
      }),
    );
  });

  it("is the same for the same blocks", () => {
    fc.assert(
      fc.property(fc.array(block), (blocks) => {
        expect(planArena(blocks)).toEqual(planArena(blocks));
      }),
    );
  });

  it("takes turns in one place: a chain needs two, whatever its length", () => {
    const chain = Array.from({ length: 50 }, (_, i) => ({ bytes: 1000, first: i, last: i + 1 }));
    expect(planArena(chain).bytes).toBe(2 * round(1000));
  });

  it("keeps forward values until their backward step: a training step needs them all at its turn, and no more", () => {
    const layers = Array.from({ length: 20 }, (_, i) => ({ bytes: 64 * (i + 1), first: i, last: 39 - i }));
    expect(planArena(layers).bytes).toBe(layers.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it("stays close to the least possible for lifetimes as networks have them", () => {
    const blocks = Array.from({ length: 200 }, (_, i) => {
      const kept = i % 3 === 0 && i < 100;
      return { bytes: 64 * (1 + ((i * 37) % 23)), first: i, last: kept ? 200 - i : i + 2 };
    });
    expect(planArena(blocks).bytes).toBeLessThanOrEqual(1.1 * mostAlive(blocks));
  });

  it("needs nothing for nothing", () => {
    expect(planArena([])).toEqual({ offsets: [], bytes: 0 });
  });
});
